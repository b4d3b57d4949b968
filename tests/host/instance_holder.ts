import { Instance } from "../../src/host/instance.ts";

/** Holds a service's identity until it is killed; tells its id and where its lock is. */
const [kind, home = ""] = Deno.args;
const { id, lockPath } = kind === "lasting" ? await Instance.openLasting(home) : await Instance.openPassing(home);
await Deno.stdout.write(new TextEncoder().encode(`${JSON.stringify({ id, lockPath })}\n`));
setInterval(() => {}, 60_000);
