import { CodeBeakerError } from "../errors.ts";

/** Deeper JSON is refused: metadata may be 32 levels deep, and lies at most six below the top. */
const MAX_DEPTH = 64;

/**
 * More values are refused, names not counted: no request holds as many, and each costs the more to check the worse it
 * is.
 */
const MAX_VALUES = 30_000;

/**
 * JSON from outside. Nothing else is answered while it is read and checked, so how it is built is looked at before:
 * five million brackets would take seconds.
 *
 * @param options.what what it is called in messages
 * @param options.maxValues how many values it may hold
 * @throws {SyntaxError} for what is no JSON
 * @throws {CodeBeakerError} `invalid_request` for what is too deep; `too_large` for too many values
 */
export function parseJson(
  text: string,
  { what, maxValues = MAX_VALUES }: { readonly what: string; readonly maxValues?: number },
): unknown {
  checkShape(text, { what, maxValues });
  return JSON.parse(text);
}

/** Looks at each character that stands in no string; whether it is JSON is not asked. */
function checkShape(
  text: string,
  { maxValues, what }: { readonly what: string; readonly maxValues: number },
): void {
  let [depth, values] = [0, 1];
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '"':
        at = endOfString(text, at);
        break;
      case "[":
      case "{":
        if (++depth > MAX_DEPTH) throw tooDeep(what);
        values++;
        break;
      case "]":
      case "}":
        depth--;
        break;
      case ",":
        values++;
    }
    if (values > maxValues) throw tooMany(what, maxValues);
  }
}

/** Where a string ends that begins at `start`, or the text where it has no end. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end;
    while (text[before - 1] === "\\") before--;
    if ((end - before) % 2 === 0) return end;
  }
  return text.length;
}

function tooDeep(what: string): CodeBeakerError {
  const message = `JSON is at most ${MAX_DEPTH} levels deep`;
  return new CodeBeakerError("invalid_request", `Cannot read ${what}: ${message}`, {
    details: { errors: [{ path: "", message }] },
  });
}

function tooMany(what: string, maxValues: number): CodeBeakerError {
  return new CodeBeakerError("too_large", `Cannot read ${what}: JSON holds at most ${maxValues} values`);
}
