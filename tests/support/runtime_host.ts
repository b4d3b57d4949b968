import type { RuntimeHost } from "../../src/runtimes/port.ts";
import { Confinement } from "../../src/sandbox/confinement.ts";
import { releaseOrphans } from "../../src/sandbox/orphans.ts";
import type { LayerName } from "../../src/sandbox/layers.ts";
import { Instance } from "../../src/host/instance.ts";
import { Scratch } from "../../src/host/scratch.ts";
import { DOCKER_HOST } from "./docker_host.ts";
import { FakeClock } from "./fake_clock.ts";
import { HOSTS_SELF_TESTS, WHOLE_HOSTS_SELF_TESTS } from "./kept_self_tests.ts";

/** Where `codebeaker runtimes install` has installed binaries, and `codebeaker languages add` parts of languages. */
const INSTALLED = ["binaries", "languages"].map((name) => `${Deno.env.get("HOME")}/.codebeaker/${name}`);

/** A host as the service composes it, with a directory of its own, and without some of the layers of the operating system. */
export async function openRuntimeHost(
  { without = [], ...options }: Partial<RuntimeHost> & { readonly without?: readonly LayerName[] } = {},
): Promise<RuntimeHost & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const scratch = stack.use(await Scratch.open("/tmp", { release: releaseOrphans }));
  const confinement = stack.use(await Confinement.detect(scratch.path, { without }));
  const home = await Deno.makeTempDir();
  stack.defer(() => Deno.remove(home, { recursive: true }));
  const instance = stack.use(await Instance.openPassing(home));
  const owned = stack.move();
  return {
    scratchDirectory: scratch.path,
    confinement,
    openNetworks: [],
    settings: {
      docker: { dockerHost: DOCKER_HOST, dockerPull: "never" },
    },
    searchPath: searchPath(),
    instance,
    selfTestResults: without.length === 0 ? WHOLE_HOSTS_SELF_TESTS : HOSTS_SELF_TESTS,
    recoverable: new Set(),
    log: { info: () => {}, warning: () => {} },
    clock: new FakeClock(), // A runtime that tests share does nothing by itself, which would cross from one to the next.
    ...options,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A runtime on a host of its own, both until the tests of a file are over. */
export async function openRuntime<Runtime extends AsyncDisposable>(
  create: (host: RuntimeHost) => Runtime,
  options: Parameters<typeof openRuntimeHost>[0] = {},
): Promise<{ readonly host: RuntimeHost; readonly runtime: Runtime }> {
  const host = await openRuntimeHost(options);
  const runtime = create(host);
  Deno.test.afterAll(async () => {
    await runtime[Symbol.asyncDispose]();
    await host[Symbol.asyncDispose]();
  });
  return { host, runtime };
}

/** Where the binaries of all runtimes are found. */
export function searchPath(): string[] {
  return [...installedDirectories(), "/usr/bin", "/bin"];
}

/** Directories of what is installed. */
export function installedDirectories(): string[] {
  return INSTALLED.flatMap((place) => {
    try {
      return [...Deno.readDirSync(place)].map(({ name }) => `${place}/${name}`);
    } catch {
      return []; // Nothing is installed.
    }
  });
}
