import { parseEngineAddress } from "../../src/runtimes/docker/engine/engine_address.ts";
import { DOCKER_HOST } from "./docker.ts";

const BUFFER_BYTES = 65_536;

/** An Engine that makes weaker containers than it is asked for. */
export interface WeakenedEngine extends AsyncDisposable {
  /** Where it listens, as `DOCKER_HOST` says it. */
  readonly host: string;
}

/** What is asked for, and what is made instead: text of the request's JSON, padded to the same length. */
export type Weakening = readonly [asked: RegExp, made: string];

/** Stands before the Engine of the tests, and passes on everything but the protections that it leaves out. */
export async function openWeakenedEngine(weakenings: readonly Weakening[]): Promise<WeakenedEngine> {
  const address = parseEngineAddress(DOCKER_HOST, undefined);
  if (address.kind !== "unix") throw new Error("Only an Engine behind a Unix socket can be weakened");
  const directory = await Deno.makeTempDir();
  const path = `${directory}/docker.sock`;
  const listener = Deno.listen({ transport: "unix", path });
  const open = new Set<Deno.Conn>();
  async function pass(client: Deno.Conn): Promise<void> {
    const engine = await Deno.connect({ transport: "unix", path: address.kind === "unix" ? address.socketPath : "" });
    for (const connection of [client, engine]) open.add(connection);
    await Promise.allSettled([
      passOn(client, engine, (bytes) => weakened(bytes, weakenings)),
      passOn(engine, client, (bytes) => bytes),
    ]);
    for (const connection of [client, engine]) tryToClose(connection);
    for (const connection of [client, engine]) open.delete(connection);
  }
  const passing = new Set<Promise<void>>();
  const accepting = (async () => {
    for await (const client of listener) passing.add(pass(client));
  })();
  return {
    host: `unix://${path}`,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const connection of open) tryToClose(connection);
      await accepting;
      await Promise.all(passing);
      await Deno.remove(directory, { recursive: true });
    },
  };
}

/** Passes on what one side sends; one that sends no more, as a program's stdin, still reads. */
async function passOn(
  from: Deno.Conn,
  to: Deno.Conn,
  change: (bytes: Uint8Array) => Uint8Array,
): Promise<void> {
  const buffer = new Uint8Array(BUFFER_BYTES);
  for (let length = await from.read(buffer); length !== null; length = await from.read(buffer)) {
    let rest = change(buffer.subarray(0, length));
    while (rest.length > 0) rest = rest.subarray(await to.write(rest));
  }
  await to.closeWrite();
}

function weakened(bytes: Uint8Array, weakenings: readonly Weakening[]): Uint8Array {
  const text = new TextDecoder("latin1").decode(bytes);
  const changed = weakenings.reduce(
    (all, [asked, made]) => all.replace(asked, (found) => made.padEnd(found.length)),
    text,
  );
  return changed === text ? bytes : Uint8Array.from(changed, (character) => character.charCodeAt(0));
}

function tryToClose(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // Its streams have closed it.
  }
}
