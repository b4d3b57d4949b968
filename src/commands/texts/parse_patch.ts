import type { StructuredPatch, StructuredPatchHunk } from "diff";
import { CodeBeakerError, invalidField } from "../../core/errors.ts";
import { parseWorkspacePath } from "../../core/workspace_path.ts";
import type { TextWorker } from "./text_worker.ts";

/** Longest patch in characters. A parsed patch takes many times as much memory. */
const MAX_PATCH_LENGTH = 4_194_304;
const MAX_FILES = 1_000;
/** Longest quoted message of the parser, which may quote long lines. */
const MAX_MESSAGE_LENGTH = 200;

/** The name of a missing file in a patch. */
const NO_FILE = "/dev/null";

/** The old and the new name of a file in a patch. */
export interface FileNames {
  readonly old?: string;
  readonly new?: string;
}

/** The changes of a patch to one file. */
export interface FilePatch {
  readonly kind: "modify" | "create" | "delete" | "rename" | "copy";
  /** The name of the file in messages. */
  readonly label: string;
  /** The names in the patch, without their first `strip` parts. */
  readonly names: FileNames;
  /** The names without git's `a/` and `b/`. Absent when `strip` is set or the names have no such prefixes. */
  readonly withoutPrefix?: FileNames;
  readonly hunks: readonly StructuredPatchHunk[];
  /** Why the changes cannot be applied to any workspace. */
  readonly fault?: string;
}

/** The settings of a parse. */
export interface ParsePatchOptions {
  /** How many leading parts each path loses, as by `patch -p`. */
  readonly strip: number;
  readonly worker: Pick<TextWorker, "parse">;
}

/**
 * Parses a unified diff of any number of files from `diff -u` or git.
 *
 * @throws {CodeBeakerError} `invalid_request` for a malformed patch; `too_large`; `permission_denied` for a path that
 * leaves the workspace
 */
export async function parsePatch(patch: string, { strip, worker }: ParsePatchOptions): Promise<FilePatch[]> {
  if (patch.length > MAX_PATCH_LENGTH) throw tooLarge(`it must be at most ${MAX_PATCH_LENGTH} characters long`);
  if (/^GIT binary patch\r?$/m.test(patch)) throw unreadable("it holds a binary patch");
  const parsed = await worker.parse(withoutSignatures(withUnixLineEnds(patch)));
  if ("fault" in parsed) throw unreadable(parsed.fault.slice(0, MAX_MESSAGE_LENGTH));
  const sections = parsed.sections.filter((section) => section.hunks.length > 0 || namesOf(section) !== undefined);
  if (sections.length === 0) throw unreadable("it holds no change: a unified diff is expected");
  if (sections.length > MAX_FILES) throw tooLarge(`it must change at most ${MAX_FILES} files`);
  return sections.map((section) => toFilePatch(section, strip));
}

/** Converts a patch in which every line ends with CRLF. A patch of a CRLF file has plain ends in its headers. */
function withUnixLineEnds(patch: string): string {
  return /(^|[^\r])\n/.test(patch) ? patch : patch.replaceAll("\r\n", "\n");
}

/** Removes the version that `git format-patch` appends. It would read as a removed line of the last hunk. */
function withoutSignatures(patch: string): string {
  return patch.replace(/^-- \n(?=\d+\.\d)/gm, "");
}

function toFilePatch(section: StructuredPatch, strip: number): FilePatch {
  const given = namesOf(section);
  if (given === undefined) throw unreadable("a hunk precedes the name of its file");
  if (section.hunks.some(({ oldStart }) => !Number.isSafeInteger(oldStart))) {
    throw unreadable('a hunk must begin with "@@ -line,count +line,count @@"');
  }
  const label = given.new ?? given.old ?? NO_FILE;
  const kind = kindOf(section, given);
  const names = mapNames(given, (name) => withoutParts(name, { strip, label }));
  const isPrefixed = strip === 0 && (given.old ?? "a/").startsWith("a/") && (given.new ?? "b/").startsWith("b/");
  const fault = faultOf(section, kind);
  return {
    kind,
    label,
    names: mapNames(names, (name) => parseWorkspacePath(name, "patch")),
    ...(isPrefixed ? { withoutPrefix: mapNames(given, (name) => parseWorkspacePath(name.slice(2), "patch")) } : {}),
    hunks: section.hunks,
    ...(fault === undefined ? {} : { fault }),
  };
}

function namesOf({ oldFileName, newFileName, index }: StructuredPatch): FileNames | undefined {
  const old = oldFileName ?? index;
  const fresh = newFileName ?? index;
  if (old === undefined || fresh === undefined) return undefined;
  return { ...(old === NO_FILE ? {} : { old }), ...(fresh === NO_FILE ? {} : { new: fresh }) };
}

function kindOf(section: StructuredPatch, names: FileNames): FilePatch["kind"] {
  if (section.isRename) return "rename";
  if (section.isCopy) return "copy";
  if (section.isCreate || names.old === undefined) return "create";
  return section.isDelete || names.new === undefined ? "delete" : "modify";
}

/** Explains why a section cannot be applied. A workspace keeps no binary patches and no modes. */
function faultOf(section: StructuredPatch, kind: FilePatch["kind"]): string | undefined {
  if (section.isBinary) return "its content is binary";
  const modes = [section.oldMode, section.newMode].filter((mode) => mode !== undefined);
  if (modes.some((mode) => !mode.startsWith("100"))) return "it is no regular file";
  if (kind === "modify" && section.hunks.length === 0) return "it changes no line, and file modes are not kept";
  return undefined;
}

function withoutParts(name: string, { strip, label }: { readonly strip: number; readonly label: string }): string {
  if (strip === 0) return name;
  const parts = name.split(/\/+/);
  if (parts.length > strip) return parts.slice(strip).join("/");
  throw invalidField("strip", `Cannot strip ${strip} parts from ${JSON.stringify(label)}`);
}

function mapNames(names: FileNames, change: (name: string) => string): FileNames {
  return {
    ...(names.old === undefined ? {} : { old: change(names.old) }),
    ...(names.new === undefined ? {} : { new: change(names.new) }),
  };
}

function unreadable(why: string): CodeBeakerError {
  return invalidField("patch", `Cannot read the patch: ${why}`);
}

function tooLarge(why: string): CodeBeakerError {
  return new CodeBeakerError("too_large", `Cannot take the patch as ${why}`, {
    details: { errors: [{ path: "patch", message: `Too large: ${why}` }] },
  });
}
