import { CodeBeakerError, hasCode, ignore } from "../../core/errors.ts";
import type { WorkspaceFiles } from "../../runtimes/port.ts";
import { type FileNames, type FilePatch } from "./parse_patch.ts";
import { readText } from "./read_text.ts";
import type { TextWorker } from "./text_worker.ts";

/** Most characters of all files that one patch changes. */
const MAX_TOTAL_LENGTH = 67_108_864;

/** The present and the future path of a file. */
interface Target {
  readonly from: string;
  readonly to: string;
}

/** The changes of a patch to a workspace; {@link PatchPlan.write} writes them. */
export class PatchPlan {
  readonly #files: WorkspaceFiles;
  readonly #worker: Pick<TextWorker, "fit">;
  /** The texts that were read or changed, by path; undefined for a missing file. */
  readonly #texts = new Map<string, string | undefined>();
  readonly #changed = new Set<string>();
  #length = 0;

  constructor(files: WorkspaceFiles, worker: Pick<TextWorker, "fit">) {
    this.#files = files;
    this.#worker = worker;
  }

  /**
   * Adds the changes to one file, all or none.
   *
   * @returns why the changes cannot be applied, or undefined
   * @throws {CodeBeakerError} `permission_denied` for a symlink that leads out; `too_large` for all files together
   */
  async add(patch: FilePatch): Promise<string | undefined> {
    if (patch.fault !== undefined) return patch.fault;
    try {
      return patch.kind === "create" ? await this.#create(patch) : await this.#change(patch);
    } catch (error) {
      if (hasCode(error, "invalid_request")) return error.message;
      throw error;
    }
  }

  /** Writes the changes. */
  async write(): Promise<void> {
    for (const path of this.#changed) {
      const text = this.#texts.get(path);
      if (text !== undefined) await this.#files.write(path, new TextEncoder().encode(text));
    }
    for (const path of this.#changed) {
      if (this.#texts.get(path) === undefined) await this.#delete(path);
    }
  }

  async #create(patch: FilePatch): Promise<string | undefined> {
    const { names, withoutPrefix } = patch;
    const usesPrefix = withoutPrefix !== undefined && !(await this.#isDirectory("b"));
    const path = (usesPrefix ? withoutPrefix : names).new ?? (usesPrefix ? withoutPrefix : names).old ?? ".";
    if (await this.#read(path) !== undefined) return "it exists already";
    if (patch.hunks.some(({ oldLines }) => oldLines > 0)) return "it does not exist, and the patch changes lines of it";
    return await this.#fit(patch, { text: "", to: path });
  }

  async #change(patch: FilePatch): Promise<string | undefined> {
    const target = await this.#find(patch);
    if (target === undefined) return this.#isNew(patch) ? await this.#create(patch) : "it does not exist";
    const text = await this.#read(target.from);
    if (text === undefined) return "it does not exist";
    if (target.from === target.to) return await this.#fit(patch, { text, to: target.to });
    if (await this.#read(target.to) !== undefined) return `${JSON.stringify(target.to)} exists already`;
    const fault = await this.#fit(patch, { text, to: target.to });
    if (fault === undefined && patch.kind === "rename") this.#set(target.from, undefined);
    return fault;
  }

  async #fit(
    patch: FilePatch,
    { text, to }: { readonly text: string; readonly to: string },
  ): Promise<string | undefined> {
    const fit = await this.#worker.fit({ text, hunks: patch.hunks });
    if ("failed" in fit) {
      const line = patch.hunks[fit.failed - 1]?.oldStart;
      return `hunk ${fit.failed} of ${patch.hunks.length} (line ${line}) does not apply`;
    }
    if (patch.kind === "delete" && fit.text !== "") return "it holds more than the patch removes";
    this.#set(to, patch.kind === "delete" ? undefined : fit.text);
    return undefined;
  }

  /** Whether a change without old lines creates its file, as `diff -N` writes it. */
  #isNew({ kind, hunks }: FilePatch): boolean {
    return kind === "modify" && hunks.length === 1 && hunks[0]?.oldLines === 0;
  }

  /** Finds the file by the names in the patch, then by those without git's prefixes. */
  async #find({ kind, names, withoutPrefix }: FilePatch): Promise<Target | undefined> {
    for (const candidate of withoutPrefix === undefined ? [names] : [names, withoutPrefix]) {
      const from = await this.#existing(candidate, kind);
      if (from === undefined) continue;
      const moves = kind === "rename" || kind === "copy";
      return { from, to: moves ? candidate.new ?? from : from };
    }
    return undefined;
  }

  /**
   * Chooses between two names as patch(1) does. The order is fewest parts, then shortest last part, then shortest name.
   */
  async #existing({ old, new: fresh }: FileNames, kind: FilePatch["kind"]): Promise<string | undefined> {
    const given = kind === "modify" ? [old, fresh] : [old];
    const paths = [...new Set(given)].filter((path) => path !== undefined).toSorted((a, b) =>
      partsOf(a).length - partsOf(b).length || lastOf(a).length - lastOf(b).length || a.length - b.length
    );
    for (const path of paths) if (await this.#read(path) !== undefined) return path;
    return undefined;
  }

  async #read(path: string): Promise<string | undefined> {
    if (this.#texts.has(path)) return this.#texts.get(path);
    const text = await readText(this.#files, path).catch(ignore("not_found"));
    this.#count(text);
    this.#texts.set(path, text);
    return text;
  }

  #set(path: string, text: string | undefined): void {
    this.#count(text);
    this.#texts.set(path, text);
    this.#changed.add(path);
  }

  #count(text: string | undefined): void {
    this.#length += text?.length ?? 0;
    if (this.#length > MAX_TOTAL_LENGTH) {
      throw new CodeBeakerError("too_large", `Cannot patch files of more than ${MAX_TOTAL_LENGTH} characters together`);
    }
  }

  async #isDirectory(path: string): Promise<boolean> {
    return await this.#files.stat(path, { follow: true }).then(({ type }) => type === "directory", () => false);
  }

  /** Deletes a file. A file that the same patch created never existed. */
  async #delete(path: string): Promise<void> {
    await this.#files.delete(path).catch(ignore("not_found"));
  }
}

function partsOf(path: string): string[] {
  return path.split("/");
}

function lastOf(path: string): string {
  return partsOf(path).at(-1) ?? path;
}
