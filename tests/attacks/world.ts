import { createSocket } from "node:dgram";
import { join } from "@std/path";

/** A WebAssembly module that exports nothing and has a custom section named "secret": 00 61 73 6d, version 1. */
const WASM_HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** What one attack is aimed at, outside the sandbox and of nobody else. Disposing removes it. */
export interface World extends AsyncDisposable {
  /** What processes of the attack carry in their environment, and what everything that it leaves is named after. */
  readonly token: string;
  /** What nobody may read. */
  readonly secret: string;
  readonly outside: string;
  /** Connections and datagrams that came to its listeners. */
  readonly hits: readonly string[];
  readonly victim: number;
  /** Fills a text's `{{names}}`. */
  fill(text: string): string;
  /** Adds names. */
  name(names: Readonly<Record<string, string>>): void;
}

/** Makes files that everybody on this machine may read and write, listeners on every kind of socket, and a process. */
export async function openWorld(): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const token = `cbattack${crypto.randomUUID().replaceAll("-", "")}`;
  const secret = `SECRET${crypto.randomUUID().replaceAll("-", "")}`;
  const outside = await Deno.makeTempDir({ prefix: "outside_" });
  stack.defer(() => Deno.remove(outside, { recursive: true }));
  await plant(outside, secret);
  const hits: string[] = [];
  const listeners = await listen(outside, { token, secret, hits, stack });
  const victim = startVictim(secret, stack);
  const variable = `SERVICE_${token}`;
  Deno.env.set(variable, secret);
  stack.defer(() => Deno.env.delete(variable));
  const address = ownAddress();
  const redirect = redirectTo(`http://127.0.0.1:${listeners["tcp"]}/`, stack);
  const redirectAway = redirectTo(`http://${address}:${listeners["tcp"]}/`, stack);
  const names: Record<string, string> = {
    ...listeners,
    address,
    hostname: Deno.hostname(),
    redirect: String(redirect),
    redirectAway: String(redirectAway),
    token,
    variable,
    outside,
    secret: join(outside, "secret.txt"),
    secretText: secret,
    victim: String(victim),
    service: String(Deno.pid),
  };
  const owned = stack.move();
  return {
    token,
    secret,
    outside,
    hits,
    victim,
    fill: (text) => text.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => names[name] ?? missing(name)),
    name: (added) => void Object.assign(names, added),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function missing(name: string): never {
  throw new Error(`The world has no ${name}`);
}

/** The secret in every form that something imports, loads or opens. */
async function plant(outside: string, secret: string): Promise<void> {
  const section = new TextEncoder().encode(`\x06secret${secret}`);
  const files: Record<string, string | Uint8Array> = {
    "secret.txt": secret,
    "secret.json": JSON.stringify({ secret }),
    "secret.ts": `export default "${secret}"; console.log("${secret}");`,
    "secret.js": `module.exports = "${secret}"; console.log("${secret}");`,
    "secret.mjs": `console.log("${secret}"); export default "${secret}";`,
    "secret.cjs": `console.log("${secret}"); module.exports = "${secret}";`,
    "secret.wasm": new Uint8Array([...WASM_HEADER, 0, section.length, ...section]),
    "worker.js": `self.postMessage("${secret}"); console.log("${secret}");`,
    "marker.txt": "unchanged",
    "node_modules/secret/package.json": '{ "main": "index.js" }',
    "node_modules/secret/index.js": `console.log("${secret}"); module.exports = "${secret}";`,
    "tool.sh": `#!/bin/sh\necho ${secret}\n`,
  };
  for (const [path, content] of Object.entries(files)) {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.mkdir(join(outside, path, ".."), { recursive: true, mode: 0o777 });
    await Deno.writeFile(join(outside, path), bytes, { mode: path.endsWith(".sh") ? 0o777 : 0o666 });
  }
  await Deno.chmod(outside, 0o777);
}

/** A listener of each kind, which notes who comes. */
async function listen(
  outside: string,
  { token, secret, hits, stack }: {
    readonly token: string;
    readonly secret: string;
    readonly hits: string[];
    readonly stack: AsyncDisposableStack;
  },
): Promise<Record<string, string>> {
  const answer = new TextEncoder().encode(
    `HTTP/1.1 200 OK\r\ncontent-type: text/javascript\r\nconnection: close\r\n\r\nconsole.log("${secret}");`,
  );
  const accept = (listener: Deno.Listener<Deno.Conn>, what: string) => {
    const serving = (async () => {
      for await (const connection of listener) {
        hits.push(what);
        await connection.write(answer).catch(() => {}); // Whoever it was is gone.
        connection.close();
      }
    })();
    stack.defer(async () => {
      listener.close();
      await serving;
    });
  };
  const tcp = Deno.listen({ hostname: "0.0.0.0", port: 0 });
  accept(tcp, "tcp");
  const tcp6 = Deno.listen({ hostname: "::1", port: 0 });
  accept(tcp6, "tcp over IPv6");
  const unix = join(outside, "service.sock");
  accept(Deno.listen({ transport: "unix", path: unix }), "unix");
  await Deno.chmod(unix, 0o777);
  accept(Deno.listen({ transport: "unix", path: `\0${token}` }), "abstract");
  const udp = await openUdp(hits, stack);
  return { tcp: String(tcp.addr.port), tcp6: String(tcp6.addr.port), unix, udp: String(udp) };
}

/** This machine's own address on its network or, without one, another of its loopback addresses. */
function ownAddress(): string {
  const [own] = Deno.networkInterfaces().filter(({ address, family }) => family === "IPv4" && address !== "127.0.0.1");
  return own?.address ?? "127.0.0.2";
}

/** A server that sends whoever comes elsewhere; coming to it is no fault. */
function redirectTo(location: string, stack: AsyncDisposableStack): number {
  const { addr, shutdown } = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(null, { status: 302, headers: { location } }),
  );
  stack.defer(shutdown);
  return addr.port;
}

async function openUdp(hits: string[], stack: AsyncDisposableStack): Promise<number> {
  const socket = createSocket("udp4");
  socket.on("message", () => hits.push("udp"));
  const bound = Promise.withResolvers<void>();
  socket.bind(0, "0.0.0.0", () => bound.resolve());
  await bound.promise;
  stack.defer(() => {
    const closed = Promise.withResolvers<void>();
    socket.close(() => closed.resolve());
    return closed.promise;
  });
  return socket.address().port;
}

/** A process of nobody's that carries the secret in its environment and its command line. */
function startVictim(secret: string, stack: AsyncDisposableStack): number {
  const child = new Deno.Command("/usr/bin/tail", {
    args: ["-f", "/dev/null", secret],
    clearEnv: true,
    env: { VICTIM_SECRET: secret },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  stack.defer(async () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // An attack was faster.
    }
    await child.status;
  });
  return child.pid;
}
