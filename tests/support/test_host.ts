import type { Availability } from "../../src/core/capabilities.ts";

/** Another machine, as far as a network can tell: a network namespace with a TCP listener, beside this one. */
export interface TestHost extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
}

const PORT = 8080;

/** Whether this machine lets a test make one. */
export async function hasNetworkNamespaces(): Promise<Availability> {
  const name = `cbprobe${Deno.pid}`;
  try {
    await run("ip", "netns", "add", name);
    await run("ip", "netns", "delete", name);
    return { available: true };
  } catch (error) {
    return { available: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** @param prefix the first three numbers of its network, in which this machine is `.1` and the host `.2` */
export async function openTestHost(prefix: string): Promise<TestHost> {
  await using opened = new AsyncDisposableStack();
  const tag = prefix.split(".").at(-1);
  const [name, ours, theirs] = [`cb${Deno.pid}n${tag}`, `cbv${tag}a`, `cbv${tag}b`];
  await run("ip", "netns", "add", name);
  opened.defer(() => run("ip", "netns", "delete", name));
  await run("ip", "link", "add", ours, "type", "veth", "peer", "name", theirs);
  opened.defer(() => run("ip", "link", "delete", ours));
  await run("ip", "link", "set", theirs, "netns", name);
  await run("ip", "address", "add", `${prefix}.1/24`, "dev", ours);
  await run("ip", "link", "set", ours, "up");
  await run("ip", "-n", name, "address", "add", `${prefix}.2/24`, "dev", theirs);
  await run("ip", "-n", name, "link", "set", theirs, "up");
  const server = new Deno.Command("ip", {
    args: [
      "netns",
      "exec",
      name,
      Deno.execPath(),
      "eval",
      `Deno.serve({ port: ${PORT}, onListen: () => console.log("up") }, () => new Response("hello"))`,
    ],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  opened.defer(async () => {
    server.kill("SIGKILL");
    await server.status;
  });
  const output = server.stdout.getReader();
  await output.read();
  opened.defer(() => output.cancel());
  const owned = opened.move();
  return { address: `${prefix}.2`, port: PORT, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function run(command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args, stdout: "null" }).output();
  if (!success) throw new Error(`${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr).trim()}`);
}
