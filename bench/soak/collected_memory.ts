import { existsSync } from "node:fs";
import { fromFileUrl, join } from "@std/path";
import { delay } from "../../src/concurrency/delay.ts";
import { MEBIBYTE } from "../../src/core/limits.ts";
import { SERVE, type ServiceProcess, startServiceProcess } from "../../tests/support/service_process.ts";
import { until } from "../../tests/support/until.ts";
import { residentMb } from "../process_memory.ts";

const COLLECTOR = fromFileUrl(new URL("collect_garbage.ts", import.meta.url));
/** Samples after a collection, and the time between two. V8 gives pages back beside the program. */
const SAMPLES = 10;
const SAMPLE_MS = 100;

/** Memory of a service without its garbage, in MB. */
export interface CollectedMemory {
  readonly residentMb: number;
  readonly heapMb: number;
}

/** A service whose garbage can be collected. Disposing ends it. */
export interface CollectableService extends ServiceProcess {
  /** Collects the service's garbage, and measures what is left. Send the service no requests meanwhile. */
  collect(): Promise<CollectedMemory>;
}

/**
 * Starts a service whose garbage can be collected. How much garbage V8 leaves is its own choice, and goes up and down by
 * half of the service's memory; only what is left after a collection shows a leak.
 */
export async function startCollectable(
  args: readonly string[],
  env: Record<string, string>,
): Promise<CollectableService> {
  await using own = new AsyncDisposableStack();
  const directory = await Deno.makeTempDir();
  own.defer(() => Deno.remove(directory, { recursive: true }));
  const path = join(directory, "heap");
  const [binary = "", run = "", ...rest] = SERVE;
  const flags = rest.map((flag) => flag.startsWith("--v8-flags=") ? `${flag},--expose-gc` : flag);
  const service = own.use(
    await startServiceProcess(args, { ...env, COLLECTED_HEAP: path }, {
      command: [binary, run, `--preload=${COLLECTOR}`, ...flags],
    }),
  );
  const owned = own.move();
  return {
    ...service,
    async collect() {
      service.process.kill("SIGUSR2");
      await until(() => existsSync(path), "the service has collected its garbage");
      const heapMb = Number(await Deno.readTextFile(path)) / MEBIBYTE;
      await Deno.remove(path);
      const samples: number[] = [];
      for (let count = 0; count < SAMPLES; count++) {
        await delay(SAMPLE_MS);
        samples.push(residentMb(service.process.pid));
      }
      return { residentMb: Math.min(...samples), heapMb };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
