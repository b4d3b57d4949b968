import { createHash } from "node:crypto";
import { dirname, join } from "@std/path";
import { CodeBeakerError, messageOf } from "../../core/errors.ts";
import type { ProgressTask } from "../../core/progress.ts";
import { removeTree } from "../../host/remove_tree.ts";
import { decodeTar } from "../../workspace/archive/tar.ts";
import type { InstalledBinary, InstallRequest } from "../entry.ts";
import { isFile } from "../process/find_binary.ts";
import { type BinaryPackage, installedPath, packageFor, type Release } from "./release.ts";

/** Most bytes of a tarball: some four times the largest. */
const MAX_TARBALL_BYTES = 209_715_200;

/** What one installation writes until it is done. */
const STAGING_PREFIX = ".staging-";
/** Age at which a file that is still staged belongs to an installation that was killed. */
const ABANDONED_AFTER_MS = 86_400_000;

/**
 * Installs a release from npm's registry into the service's home, unless it is there: fetches the tarball, checks it
 * against its digest, and takes the binary out. Nothing of the package is run. The binary is there as a whole or not at
 * all.
 *
 * @throws {CodeBeakerError} `runtime_unavailable` where it cannot be had; what the file system throws
 */
export async function installRelease(
  release: Release,
  { home, progress, registry, signal }: Pick<InstallRequest, "home" | "progress" | "signal"> & {
    readonly registry: string;
  },
): Promise<InstalledBinary> {
  const found = packageFor(release);
  const title = release.binary;
  if (found === undefined) {
    throw cannotInstall(title, `there is no package for ${Deno.build.os} on ${Deno.build.arch}`);
  }
  const path = installedPath(home, release, found);
  if (isFile(path)) return { path, version: found.version, wasThere: true };
  const directory = dirname(dirname(path));
  await Deno.mkdir(directory, { recursive: true });
  const staging = await Deno.makeTempDir({ dir: directory, prefix: STAGING_PREFIX });
  try {
    await removeAbandoned(directory, await Deno.stat(staging));
    using task = progress.begin(`downloading ${found.name} ${found.version}`);
    const tarball = join(staging, "package.tgz");
    const request = { title, url: urlOf(found, registry), signal, task };
    const integrity = await download(tarball, request);
    if (integrity !== found.integrity) {
      throw cannotInstall(title, `${request.url} is not the file that was released: its digest is ${integrity}`);
    }
    await takeOut(release.binary, { member: found.member, tarball, directory: staging, title });
    await Deno.remove(tarball);
    await Deno.chmod(staging, 0o755);
    await Deno.rename(staging, dirname(path)).catch((error) => {
      if (!isFile(path)) throw error; // Else another process has installed it meanwhile.
    });
    return { path, version: found.version, wasThere: false };
  } finally {
    await Deno.remove(staging, { recursive: true }).catch(() => {}); // It has become the installed directory.
  }
}

/** Removes what killed installations left, which is older than the staging directory of this one by far. */
async function removeAbandoned(directory: string, { mtime: begun }: Deno.FileInfo): Promise<void> {
  for await (const { name } of Deno.readDir(directory)) {
    if (!name.startsWith(STAGING_PREFIX)) continue;
    const path = join(directory, name);
    const { mtime } = await Deno.stat(path).catch(() => ({ mtime: null })); // Its installation has just ended.
    if (begun !== null && mtime !== null && begun.getTime() - mtime.getTime() > ABANDONED_AFTER_MS) {
      await removeTree(path);
    }
  }
}

/** A scoped package's tarball has the name without the scope. */
function urlOf({ name, version }: BinaryPackage, registry: string): string {
  return `${registry}${name}/-/${name.replace(/^@.*\//, "")}-${version}.tgz`;
}

/** Writes what a URL has to a file, and returns its digest. */
async function download(
  path: string,
  { signal, task, title, url }: {
    readonly title: string;
    readonly url: string;
    readonly signal: AbortSignal;
    readonly task: ProgressTask;
  },
): Promise<string> {
  const hash = createHash("sha512");
  using file = await Deno.open(path, { write: true, createNew: true });
  try {
    const response = await fetch(url, { signal });
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
    }
  } catch (error) {
    if (error instanceof CodeBeakerError || signal.aborted) throw error;
    throw cannotInstall(title, `${url} cannot be fetched (${messageOf(error)})`, error);
  }
  return `sha512-${hash.digest("base64")}`;
}

/** Takes the binary out of a tarball, and makes it executable. */
async function takeOut(
  binary: string,
  { directory, member = `bin/${binary}`, tarball, title }: Pick<BinaryPackage, "member"> & {
    readonly tarball: string;
    readonly directory: string;
    readonly title: string;
  },
): Promise<void> {
  const file = await Deno.open(tarball);
  const archive = file.readable.pipeThrough(new DecompressionStream("gzip"));
  for await (const { header, body } of decodeTar(archive)) {
    if (header.name === `package/${member}` && header.type === "file") {
      const target = await Deno.open(join(directory, binary), { write: true, createNew: true, mode: 0o755 });
      await body.pipeTo(target.writable);
      return;
    }
    await body.pipeTo(new WritableStream()); // Behind a body that is cancelled, the decoder stops.
  }
  throw cannotInstall(title, `its package holds no ${member}`);
}

function cannotInstall(title: string, why: string, cause?: unknown): CodeBeakerError {
  return new CodeBeakerError("runtime_unavailable", `Cannot install ${title} as ${why}`, { cause });
}
