/** A name in a glob: its characters, or `**` for any names between slashes. */
type NamePattern = "**" | readonly string[];

/**
 * Compiles a glob of `?`, `*` and `**`. `?` is any character, `*` any characters but a slash, `**` any names between
 * slashes. Classes and alternatives are missing, so that the time of a match is at most the product of the two lengths.
 */
export function compileGlob(glob: string): (text: string) => boolean {
  const pattern = glob.split("/").map((name): NamePattern => name === "**" ? name : [...name]);
  return (text) =>
    matches<NamePattern>(pattern, text.split("/"), { isRun: (part) => part === "**", fits: matchesName });
}

function matchesName(pattern: NamePattern, name: string): boolean {
  return pattern !== "**" && matches(pattern, [...name], CHARACTERS);
}

interface Matching<Part> {
  isRun(part: Part): boolean;
  fits(part: Part, item: string): boolean;
}

const CHARACTERS: Matching<string> = {
  isRun: (part) => part === "*",
  fits: (part, character) => part === "?" || part === character,
};

/** Matches greedily; backtracking to the last run is enough. */
function matches<Part>(
  pattern: readonly Part[],
  items: readonly string[],
  { isRun, fits }: Matching<Part>,
): boolean {
  let [at, item] = [0, 0];
  let [runAt, runItem] = [-1, 0];
  while (item < items.length) {
    const part = pattern[at];
    if (part !== undefined && isRun(part)) {
      [runAt, runItem] = [at, item];
      at++;
    } else if (part !== undefined && fits(part, items[item] ?? "")) {
      at++;
      item++;
    } else if (runAt >= 0) {
      at = runAt + 1;
      item = ++runItem;
    } else {
      return false;
    }
  }
  return pattern.slice(at).every(isRun);
}
