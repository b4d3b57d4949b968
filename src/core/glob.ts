/**
 * Whether a text matches a glob: `?` is any character, `*` any characters but a slash, `**` any names between slashes.
 * Classes and alternatives are missing, so that the time is at most the product of the two lengths.
 */
export function matchesGlob(glob: string, text: string): boolean {
  return matches(glob.split("/"), text.split("/"), { isRun: (part) => part === "**", fits: matchesName });
}

function matchesName(glob: string, name: string): boolean {
  return matches([...glob], [...name], {
    isRun: (part) => part === "*",
    fits: (part, character) => part === "?" || part === character,
  });
}

interface Matching {
  isRun(part: string): boolean;
  fits(part: string, item: string): boolean;
}

/** Matches greedily; backtracking to the last run is enough. */
function matches(pattern: readonly string[], items: readonly string[], { isRun, fits }: Matching): boolean {
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
