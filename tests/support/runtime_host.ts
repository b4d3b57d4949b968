import type { RuntimeHost } from "../../src/runtimes/runtime.ts";
import { Confinement } from "../../src/system/confinement.ts";
import { Instance } from "../../src/system/instance.ts";
import { Scratch } from "../../src/system/scratch.ts";

/** A host as the service composes it, with a directory of its own. */
export async function openRuntimeHost(options: Partial<RuntimeHost> = {}): Promise<RuntimeHost & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const scratch = stack.use(await Scratch.open("/tmp"));
  const confinement = stack.use(await Confinement.detect(scratch.path));
  const home = await Deno.makeTempDir();
  stack.defer(() => Deno.remove(home, { recursive: true }));
  const instance = stack.use(await Instance.openPassing(home));
  const owned = stack.move();
  return {
    scratchDirectory: scratch.path,
    confinement,
    openNetworks: [],
    settings: {
      docker: { host: Deno.env.get("DOCKER_HOST") ?? "unix:///var/run/docker.sock", pull: "never", environments: {} },
    },
    instance,
    survivors: new Set(),
    log: { info: () => {}, warning: () => {} },
    ...options,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
