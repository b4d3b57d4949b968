import type { HostedService } from "./src/cli/mod.ts";
import { exitUnloaded } from "./src/cli/preflight.ts";

// Not before the checks: an old Deno cannot load it, and nor can any without its packages.
const { hosted: loaded, runCli } = await import("./src/cli/mod.ts").catch(exitUnloaded);

/** What `deno serve main.ts`, and hosts that take a `fetch` handler, listen with. */
const hosted: HostedService = loaded;
export default hosted;

// `deno serve` makes this the main module too, with no arguments, and then it listens; without a host nothing is left to do.
if (import.meta.main && Deno.args.length > 0) Deno.exit(await runCli(Deno.args));
if (import.meta.main) {
  addEventListener("beforeunload", async () => {
    if (!hosted.isUsed) Deno.exit(await runCli([]));
  });
}
