import { CodeBeakerError, messageOf } from "../errors.ts";

/** Deepest JSON. Metadata may be 32 levels deep, and lies at most six below the top. */
const MAX_DEPTH = 64;

/** Texts from this length on are read character by character before they are parsed. */
const MAX_SMALL_LENGTH = 4_096;
const [ARRAY_BEGIN, OBJECT_BEGIN] = [0x5b, 0x7b];

/** Most values, names not counted. No valid request has as many, and each takes time to check. */
const MAX_VALUES = 30_000;

/**
 * Parses untrusted JSON. It checks the depth and the number of values first, since parsing blocks the event loop: five
 * million brackets would take seconds.
 *
 * @param options.what the name of the text in messages
 * @throws {SyntaxError} for malformed JSON
 * @throws {CodeBeakerError} `invalid_request` for JSON that is too deep; `too_large` for too many values
 */
export function parseJson(
  text: string,
  { what, maxValues = MAX_VALUES }: { readonly what: string; readonly maxValues?: number },
): unknown {
  if (!isSmall(text, maxValues)) checkShape(text, { what, maxValues });
  return JSON.parse(text);
}

/**
 * Parses a client's text as {@link parseJson} does.
 *
 * @throws {CodeBeakerError} `invalid_request` for malformed JSON too
 */
export function readJson(text: string, options: { readonly what: string }): unknown {
  try {
    return parseJson(text, options);
  } catch (cause) {
    if (cause instanceof CodeBeakerError) throw cause;
    throw new CodeBeakerError(
      "invalid_request",
      `Cannot read ${options.what} as it must be JSON: ${messageOf(cause)}`,
      {
        cause,
        details: { errors: [{ path: "", message: "Not JSON" }] },
      },
    );
  }
}

/** Whether a text is certainly not too deep, and too short for too many values. */
function isSmall(text: string, maxValues: number): boolean {
  if (text.length >= Math.min(MAX_SMALL_LENGTH, maxValues)) return false;
  let brackets = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === ARRAY_BEGIN || code === OBJECT_BEGIN) brackets++;
  }
  return brackets <= MAX_DEPTH;
}

/** Counts brackets and commas outside strings; does not validate. */
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

/** The end of the string that begins at `start`, or of the text. */
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
