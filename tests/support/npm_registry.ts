import { packTar } from "modern-tar";
import type { Availability } from "../../src/core/capabilities.ts";

/** A package that a test publishes. */
export interface PublishedPackage {
  readonly name: string;
  readonly version: string;
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** What its package.json says beside the name and the version. */
  readonly manifest?: Readonly<Record<string, unknown>>;
}

/** An npm registry of a test's own, on this machine. */
export interface NpmRegistry extends AsyncDisposable {
  readonly url: string;
  /** The paths that it was asked for. */
  readonly requests: string[];
}

/** Serves packages as npm's registry does: a document for each name, and a tarball for each version. */
export async function openNpmRegistry(packages: readonly PublishedPackage[]): Promise<NpmRegistry> {
  const requests: string[] = [];
  const tarballs = new Map(
    await Promise.all(packages.map(async (published) => [tarballPath(published), await pack(published)] as const)),
  );
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { pathname, origin } = new URL(request.url);
    requests.push(pathname);
    const tarball = tarballs.get(pathname);
    if (tarball !== undefined) return new Response(tarball);
    const name = decodeURIComponent(pathname.slice(1));
    const versions = packages.filter((published) => published.name === name);
    return versions.length === 0
      ? Response.json({ error: "Not found" }, { status: 404 })
      : Response.json(describe(name, { versions, origin }));
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    requests,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function describe(
  name: string,
  { versions, origin }: { readonly versions: readonly PublishedPackage[]; readonly origin: string },
): unknown {
  return {
    name,
    "dist-tags": { latest: versions.at(-1)?.version },
    versions: Object.fromEntries(versions.map((published) => [published.version, {
      ...manifestOf(published),
      dist: { tarball: `${origin}${tarballPath(published)}` },
    }])),
  };
}

function tarballPath({ name, version }: PublishedPackage): string {
  return `/${name}/-/${name.replace(/^@.*\//, "")}-${version}.tgz`;
}

function manifestOf({ name, version, manifest }: PublishedPackage): Record<string, unknown> {
  return { name, version, ...manifest };
}

async function pack(published: PublishedPackage): Promise<Uint8Array<ArrayBuffer>> {
  const files = { "package.json": JSON.stringify(manifestOf(published)), ...published.files };
  const tar = await packTar(
    Object.entries(files).map(([path, content]) => {
      const body = typeof content === "string" ? new TextEncoder().encode(content) : content;
      return { header: { name: `package/${path}`, type: "file", size: body.length }, body };
    }),
  );
  const gzip = new Response(tar).body?.pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(gzip).arrayBuffer());
}

/** Whether npm's own registry can be asked from here. */
export async function npmAvailability(): Promise<Availability> {
  const cache = await Deno.makeTempDir();
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["cache", "--quiet", "--no-config", "--no-lock", "npm:is-number@7.0.0"],
    cwd: cache,
    env: { DENO_DIR: cache, DENO_TLS_CA_STORE: "mozilla,system" },
    stdout: "null",
  }).output();
  await Deno.remove(cache, { recursive: true });
  const reason = new TextDecoder().decode(stderr).trim().split("\n")[0] ?? "";
  return success ? { available: true } : { available: false, reason };
}
