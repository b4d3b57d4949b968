import { join } from "@std/path";
import { releaseOrphans } from "../../src/sandbox/orphans.ts";
import { Scratch } from "../../src/host/scratch.ts";
import { type ServiceProcess, startServiceProcess } from "./service_process.ts";
import { DENO_ALONE } from "./variables.ts";

/** What outlives a service: its home, and the directory in which it makes its own. */
export interface Places {
  readonly home: string;
  readonly scratch: string;
}

/** Calls with places of a test's own, of which nothing is left, also where the services in them were killed. */
export async function withPlaces(test: (places: Places) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  await Deno.chmod(directory, 0o711);
  const places = { home: join(directory, "home"), scratch: join(directory, "scratch") };
  await Deno.mkdir(places.scratch, { mode: 0o711 });
  try {
    await test(places);
  } finally {
    {
      await using _swept = await Scratch.open(places.scratch, { release: releaseOrphans });
    }
    await Deno.remove(directory, { recursive: true });
  }
}

/** Starts a service with Deno in its places. */
export function startIn(
  { home, scratch }: Places,
  args: readonly string[] = [],
  options: { readonly env?: Record<string, string>; readonly through?: readonly string[] } = {},
): Promise<ServiceProcess> {
  const settings = ["--scratch", scratch, "--drain-ms", "200", ...args];
  return startServiceProcess(settings, { ...DENO_ALONE, CODEBEAKER_HOME: home, ...options.env }, options);
}

/** The service is lost: nothing of it runs any more. */
export async function kill(service: ServiceProcess): Promise<void> {
  service.process.kill("SIGKILL");
  await service[Symbol.asyncDispose]();
}
