import { createHash } from "node:crypto";
import { basename, dirname, join } from "@std/path";
import { SYSTEM_CLOCK } from "../../concurrency/clock.ts";
import { CodeBeakerError, messageOf } from "../../core/errors.ts";
import type { ProgressTask } from "../../core/progress.ts";
import { Instance } from "../../host/instance.ts";
import { ignoreMissing, removeTree } from "../../host/remove_tree.ts";
import { decodeTar } from "../../workspace/archive/tar.ts";
import type { InstalledBinary, InstallRequest } from "../entry.ts";

/** The most bytes of a tarball: some four times the largest. */
const MAX_TARBALL_BYTES = 209_715_200;
/** Longest time of a download without a byte, in ms. */
const IDLE_MS = 60_000;

/** The prefix of an installation's directory until it is done. */
const STAGING_PREFIX = ".staging-";
/** The age at which a staging directory belongs to an installation that was killed. */
const ABANDONED_AFTER_MS = 86_400_000;

/** A package of npm's registry in exactly one version. */
export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  /** The digest of its tarball, as the registry writes it: `sha512-` and base64. */
  readonly integrity: string;
}

/** Options for taking a package. */
export interface PackageRequest extends Pick<InstallRequest, "signal"> {
  /** The name of the installed thing, for a message. */
  readonly title: string;
  readonly registry: string;
  readonly task: ProgressTask;
  /** Longest time without a byte, in ms; beyond it, the download fails. Default: a minute. */
  readonly idleMs?: number | undefined;
}

/** A file of a package, and its destination. */
export interface TakenFile {
  /** The file's path in the package. */
  readonly member: string;
  readonly path: string;
  readonly mode: number;
}

/**
 * Makes a directory as a whole or not at all. `make` fills another directory beside it, which takes its name; one that
 * is there and not whole makes room. Of two installations at the same time, both succeed.
 *
 * @param isMade whether the directory is there as a whole
 * @returns whether it was there before
 */
export async function installDirectory(
  directory: string,
  { isMade, make }: { isMade(): boolean; make(staging: string): Promise<void> },
): Promise<boolean> {
  const parent = dirname(directory);
  await Deno.mkdir(parent, { recursive: true });
  await removeAbandoned(parent);
  if (isMade()) return true;
  const staging = await Deno.makeTempDir({ dir: parent, prefix: STAGING_PREFIX });
  const damaged = `${staging}-damaged`;
  try {
    await make(staging);
    await Deno.chmod(staging, 0o755);
    if (!isMade()) await ignoreMissing(Deno.rename(directory, damaged));
    await Deno.rename(staging, directory).catch((error) => {
      if (!isMade()) throw error; // Else another process has installed it meanwhile.
    });
  } finally {
    for (const path of [staging, damaged]) await removeTree(path); // Staging has become the installed directory.
  }
  return false;
}

/**
 * Removes the other versions of an installed directory. Their names begin alike. It leaves them where a process may use
 * them: one lives that has an identity of the home, beside the caller's own.
 *
 * @returns why they could not be removed: the installation has succeeded all the same
 */
export async function removeOtherVersions(
  directory: string,
  versions: OtherVersions,
): Promise<Pick<InstalledBinary, "notRemoved">> {
  try {
    await removeVersions(directory, versions);
    return {};
  } catch (error) {
    return { notRemoved: messageOf(error) };
  }
}

/** The home and the name of an installed thing, and the service that installs it. */
interface OtherVersions {
  readonly home: string;
  readonly instance: string | undefined;
  readonly name: string;
}

async function removeVersions(directory: string, { home, instance, name }: OtherVersions): Promise<void> {
  const parent = dirname(directory);
  const isOther = (found: string) => /^-\d/.test(found.slice(name.length)) && found !== basename(directory);
  const found = await Array.fromAsync(Deno.readDir(parent));
  const others = found.filter((entry) => entry.name.startsWith(name) && isOther(entry.name));
  for (const other of others) {
    if (await Instance.othersLive(home, instance)) return;
    const path = join(parent, other.name);
    const removed = join(parent, `${STAGING_PREFIX}${other.name}`);
    await ignoreMissing(Deno.rename(path, removed)); // From now on no process finds it.
    if (await Instance.othersLive(home, instance)) return await ignoreMissing(Deno.rename(removed, path));
    await removeTree(removed);
  }
}

/**
 * Fetches a package's tarball, checks its digest, and takes files out of it. Nothing of the package is run.
 *
 * @throws {CodeBeakerError} `runtime_unavailable` where the package cannot be taken; the file system's error
 */
export async function takePackage(
  found: NpmPackage,
  { files, staging, ...request }: PackageRequest & {
    readonly staging: string;
    readonly files: readonly TakenFile[];
  },
): Promise<void> {
  const { registry, title } = request;
  const tarball = join(staging, "package.tgz");
  const url = urlOf(found, registry);
  const integrity = await download(tarball, { ...request, url });
  if (integrity !== found.integrity) {
    throw cannotInstall(title, `${url} is not the file that was released: its digest is ${integrity}`);
  }
  await takeOut(files, { tarball, title });
  await Deno.remove(tarball);
}

/** Removes the staging directories of killed installations, which are older than any that runs. */
async function removeAbandoned(directory: string): Promise<void> {
  for await (const { name } of Deno.readDir(directory)) {
    if (!name.startsWith(STAGING_PREFIX)) continue;
    const path = join(directory, name);
    const { mtime } = await Deno.stat(path).catch(() => ({ mtime: null })); // Its installation has just ended.
    if (mtime !== null && SYSTEM_CLOCK.now() - mtime.getTime() > ABANDONED_AFTER_MS) await removeTree(path);
  }
}

/** The URL of a package's tarball, which has the name without the scope. */
function urlOf({ name, version }: NpmPackage, registry: string): string {
  return `${registry}${name}/-/${name.replace(/^@.*\//, "")}-${version}.tgz`;
}

/** Downloads a URL into a file, and returns the digest. */
async function download(
  path: string,
  { idleMs = IDLE_MS, signal, task, title, url }: Omit<PackageRequest, "registry"> & { readonly url: string },
): Promise<string> {
  const hash = createHash("sha512");
  using file = await Deno.open(path, { write: true, createNew: true });
  const idle = new AbortController();
  const watch = () => setTimeout(() => idle.abort(new Error(`no byte within ${idleMs} ms`)), idleMs);
  let timer = watch();
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, idle.signal]) });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw cannotInstall(title, `${url} answered ${response.status}`);
    }
    let bytes = 0;
    for await (const chunk of response.body) {
      bytes += chunk.length;
      if (bytes > MAX_TARBALL_BYTES) throw cannotInstall(title, `${url} has more than ${MAX_TARBALL_BYTES} bytes`);
      hash.update(chunk);
      for (let rest = chunk; rest.length > 0;) rest = rest.subarray(await file.write(rest));
      task.update(`${Math.floor(bytes / 1e6)} MB`);
      clearTimeout(timer);
      timer = watch();
    }
  } catch (error) {
    if (error instanceof CodeBeakerError || signal.aborted) throw error;
    throw cannotInstall(title, `${url} cannot be fetched (${messageOf(error)})`, error);
  } finally {
    clearTimeout(timer);
  }
  return `sha512-${hash.digest("base64")}`;
}

/** Takes files out of a tarball; each is written once. */
async function takeOut(
  files: readonly TakenFile[],
  { tarball, title }: { readonly tarball: string; readonly title: string },
): Promise<void> {
  const wanted = new Map(files.map((file) => [`package/${file.member}`, file]));
  using file = await Deno.open(tarball);
  const archive = file.readable.pipeThrough(new DecompressionStream("gzip"));
  for await (const { header, body } of decodeTar(archive)) {
    const found = header.type === "file" ? wanted.get(header.name) : undefined;
    if (found === undefined) {
      await body.pipeTo(new WritableStream()); // After a body that is cancelled, the decoder stops.
      continue;
    }
    const target = await Deno.open(found.path, { write: true, createNew: true, mode: found.mode });
    await body.pipeTo(target.writable);
    wanted.delete(header.name);
    if (wanted.size === 0) return;
  }
  const missing = [...wanted.values()].map(({ member }) => member).join(", ");
  throw cannotInstall(title, `its package holds no ${missing}`);
}

/** The error of a failed installation. */
export function cannotInstall(title: string, why: string, cause?: unknown): CodeBeakerError {
  return new CodeBeakerError("runtime_unavailable", `Cannot install ${title} as ${why}`, { cause });
}
