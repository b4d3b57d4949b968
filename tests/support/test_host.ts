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

/** What it answers where it has no files, and where it has some: those of a directory, and nothing ever below `/never`. */
const HELLO = () => new Response("hello");
const FILES = async (request: Request, root: string) => {
  const { pathname } = new URL(request.url);
  if (pathname.startsWith("/never")) return await new Promise<Response>(() => {});
  const path = root + pathname + (pathname.endsWith("/") ? "index.html" : "");
  const headers = { "content-type": path.endsWith(".html") ? "text/html" : "application/octet-stream" };
  return await Deno.readFile(path).then(
    (bytes) => new Response(bytes, { headers }),
    () => new Response("not here", { status: 404 }),
  );
};

/** @param prefix the first three numbers of its network, in which this machine is `.1` and the host `.2` */
export async function openTestHost(
  prefix: string,
  options: { readonly directory?: string } = {},
): Promise<TestHost> {
  await using opened = new AsyncDisposableStack();
  const tag = prefix.split(".").at(-1);
  const [name, ours, theirs] = [`cb${Deno.pid}n${tag}`, `cbv${tag}a`, `cbv${tag}b`];
  await run("ip", "netns", "add", name);
  opened.defer(() => run("ip", "netns", "delete", name));
  await run("ip", "link", "delete", ours).catch(() => {}); // A run that was killed may have left it.
  await run("ip", "link", "add", ours, "type", "veth", "peer", "name", theirs);
  opened.defer(() => run("ip", "link", "delete", ours));
  await run("ip", "link", "set", theirs, "netns", name);
  await run("ip", "address", "add", `${prefix}.1/24`, "dev", ours);
  await run("ip", "link", "set", ours, "up");
  await run("ip", "-n", name, "address", "add", `${prefix}.2/24`, "dev", theirs);
  await run("ip", "-n", name, "link", "set", theirs, "up");
  const answer = options.directory === undefined
    ? String(HELLO)
    : `(request) => (${FILES})(request, ${JSON.stringify(options.directory)})`;
  const server = new Deno.Command("ip", {
    args: [
      "netns",
      "exec",
      name,
      Deno.execPath(),
      "eval",
      `Deno.serve({ port: ${PORT}, onListen: () => console.log("up") }, ${answer})`,
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
