import { basename, join } from "@std/path";
import { fingerprintOf } from "../../core/fingerprint.ts";
import { runtimeUnavailable } from "../../core/errors.ts";
import type { RuntimeHost } from "../port.ts";
import { isListable } from "../service_binary/flag_list.ts";
import type { LanguageRow } from "./languages/row.ts";

/** The directory of languages below a service's home. */
const DIRECTORY = "languages";
/** How much of a fingerprint is in the name of a directory, in hexadecimal digits. */
const DIGITS = 16;
/** The file of the parts' sizes in bytes, by their names. It is written last. */
const MANIFEST = "sizes.json";

/** A language: its name and its row. */
export interface NamedLanguage {
  readonly name: string;
  readonly row: LanguageRow;
}

/** The remedy where the parts of a language are missing. */
export function remedyFor(name: string): string {
  return `run codebeaker languages add ${name}`;
}

/** The path of a language's parts below a home. Another version of them, or of their preparation, has another path. */
export function partsPath(home: string, language: NamedLanguage): string {
  return join(home, DIRECTORY, directoryName(language));
}

/** Makes the parts in a directory readable for every user, and writes down their sizes. */
export async function sealParts(directory: string): Promise<void> {
  const sizes: Record<string, number> = {};
  for await (const { name } of Deno.readDir(directory)) {
    const path = join(directory, name);
    await Deno.chmod(path, 0o644);
    sizes[name] = (await Deno.stat(path)).size;
  }
  const manifest = join(directory, MANIFEST);
  await Deno.writeTextFile(manifest, JSON.stringify(sizes));
  await Deno.chmod(manifest, 0o644);
}

/** Whether a directory holds the parts of a language, each in its size. */
export function holdsParts(directory: string, { parts }: Pick<LanguageRow, "parts">): boolean {
  try {
    const sizes: unknown = JSON.parse(Deno.readTextFileSync(join(directory, MANIFEST)));
    if (typeof sizes !== "object" || sizes === null) return false;
    const written = new Map<string, unknown>(Object.entries(sizes));
    return parts.every((part) => Deno.statSync(join(directory, part)).size === written.get(part));
  } catch {
    return false; // A part or the manifest is not there, cannot be reached, or is damaged.
  }
}

/**
 * The directory of a language's parts: the installed one, else that on the search path. A process can be allowed to
 * read it.
 *
 * @throws {CodeBeakerError} `runtime_unavailable` where they are not installed
 */
export function findParts(
  language: NamedLanguage,
  { home, searchPath }: Pick<RuntimeHost, "home" | "searchPath">,
): string {
  const own = directoryName(language);
  const others = searchPath.filter((directory) => basename(directory) === own);
  const places = home === undefined ? others : [partsPath(home, language), ...others];
  const found = places.find((directory) => isListable(directory) && holdsParts(directory, language.row));
  if (found !== undefined) return found;
  throw runtimeUnavailable({ reason: `${language.row.title} is not installed`, remedy: remedyFor(language.name) });
}

/**
 * Returns a function that returns the directory in which programs can read a language's parts. They are looked for again
 * once they have been installed anew, which makes another directory.
 *
 * @throws {CodeBeakerError} `runtime_unavailable` where they are not installed
 */
export function reachableParts(
  language: NamedLanguage,
  host: Pick<RuntimeHost, "home" | "searchPath"> & {
    readonly confinement: Pick<RuntimeHost["confinement"], "reachableFiles">;
  },
): () => string {
  let known:
    | { readonly own: string; readonly inode: number | null | undefined; readonly reachable: string }
    | undefined;
  return () => {
    if (known !== undefined && inodeOf(known.own) === known.inode) return known.reachable;
    const own = findParts(language, host);
    const inode = inodeOf(own);
    known = { own, inode, reachable: host.confinement.reachableFiles(own) };
    return known.reachable;
  };
}

/** The inode of a directory; undefined where it is not there. */
function inodeOf(directory: string): number | null | undefined {
  try {
    return Deno.statSync(directory).ino;
  } catch {
    return undefined;
  }
}

function directoryName({ name, row: { packages, preparation } }: NamedLanguage): string {
  return `${name}-${packages[0].version}-${fingerprintOf([packages, preparation]).slice(0, DIGITS)}`;
}
