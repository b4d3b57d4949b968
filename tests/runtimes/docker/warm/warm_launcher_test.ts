import { assertEquals, assertRejects } from "@std/assert";
import { CodeBeakerError } from "../../../../src/core/errors.ts";
import type { OutputStream } from "../../../../src/core/execution.ts";
import type { Attachment } from "../../../../src/runtimes/docker/engine/attachment.ts";
import { encodeProgram, WarmLauncher } from "../../../../src/runtimes/docker/warm/warm_launcher.ts";
import { frame } from "../engine/frames.ts";

const HANDSHAKE = { secret: "5ecret", nonce: "0nce" };
const FILE = { kind: "file", path: "main.py", args: [] } as const;
const SHELL = { kind: "shell", command: "id", args: [], workingDirectory: "." } as const;
const encode = (text: string) => new TextEncoder().encode(text);

/** The other side of an attachment: what was written, and what is to be read. */
class Peer {
  read = "";
  isClosed = false;
  isLeft = false;
  readonly #output = new TransformStream<Uint8Array, Uint8Array>(undefined, undefined, { highWaterMark: 10 });
  readonly #writer = this.#output.writable.getWriter();

  readonly attachment: Attachment = {
    frames: this.#output.readable,
    stdin: new WritableStream({
      write: (bytes) => {
        this.read += new TextDecoder().decode(bytes);
      },
      close: () => {
        this.isClosed = true;
        return this.#writer.close();
      },
    }),
    [Symbol.dispose]: () => {
      this.isLeft = true;
    },
  };

  async print(stream: OutputStream, text: string): Promise<void> {
    await this.#writer.write(frame(stream, encode(text)));
  }

  async tell(words: string): Promise<void> {
    await this.print("stderr", `\0${HANDSHAKE.secret} ${words}\n`);
  }

  async end(): Promise<void> {
    await this.#writer.close();
  }
}

async function readyWith({ hasInterpreter }: { readonly hasInterpreter: boolean }) {
  const peer = new Peer();
  await peer.tell("launched 7");
  if (hasInterpreter) await peer.print("stdout", "\n");
  const launcher = await WarmLauncher.warmUp(peer.attachment, {
    handshake: HANDSHAKE,
    hasInterpreter,
    onNoInterpreter() {
      throw new Error("It waits");
    },
  });
  return { peer, launcher };
}

Deno.test("WarmLauncher.warmUp() sends the handshake and waits for the launcher and its interpreter", async () => {
  for (const hasInterpreter of [false, true]) {
    const { launcher, peer } = await readyWith({ hasInterpreter });
    assertEquals([peer.read, launcher.isAlive, launcher.hasInterpreter], ["5ecret 0nce\n", true, hasInterpreter]);
    assertEquals([launcher.canRun(FILE), launcher.canRun(SHELL)], [true, !hasInterpreter]);
    await launcher.end();
  }
});

Deno.test("WarmLauncher.warmUp() fails with the output of the interpreter", async () => {
  const peer = new Peer();
  await peer.tell("launched 7");
  await peer.print("stderr", "no such file\n");
  let told = 0;
  const options = { handshake: HANDSHAKE, hasInterpreter: true, onNoInterpreter: () => void told++ };
  const ready = () => WarmLauncher.warmUp(peer.attachment, options);
  const error = await assertRejects(ready, CodeBeakerError, "no such file");
  assertEquals([error.code, told], ["runtime_unavailable", 1]);
});

Deno.test("WarmLauncher.warmUp() reports no interpreter failure when the launcher itself is lost", async () => {
  const peer = new Peer();
  await peer.end();
  const options = { handshake: HANDSHAKE, hasInterpreter: true, onNoInterpreter: () => assertEquals("it", "blamed") };
  await assertRejects(() => WarmLauncher.warmUp(peer.attachment, options), CodeBeakerError, "ended before");
});

Deno.test("WarmLauncher is dead when its stream ends or it prints without a request", async () => {
  for (const lose of [(peer: Peer) => peer.end(), (peer: Peer) => peer.print("stdout", "unasked")]) {
    const { launcher, peer } = await readyWith({ hasInterpreter: false });
    await lose(peer);
    await new Promise((resolve) => setTimeout(resolve, 0));
    assertEquals([launcher.isAlive, launcher.canRun(FILE)], [false, false]);
    assertEquals(await launcher.write({ name: "a", content: encode("b") }), false);
    launcher[Symbol.dispose]();
    assertEquals(peer.isLeft, true);
  }
});

Deno.test("WarmLauncher.write() writes files one after the other, and returns false on failure", async () => {
  const { launcher, peer } = await readyWith({ hasInterpreter: false });
  const written = Promise.all([
    launcher.write({ name: "a", content: encode("one") }),
    launcher.write({ name: "b", content: encode("zwei") }),
  ]);
  await peer.tell("written 0");
  await peer.tell("written 1");
  assertEquals([await written, launcher.isAlive], [[true, false], true]);
  assertEquals(peer.read, "5ecret 0nce\nwrite 3 a\nonewrite 4 b\nzwei");
  await launcher.end();
});

Deno.test("WarmLauncher.take() hands over all later output", async () => {
  const { launcher, peer } = await readyWith({ hasInterpreter: false });
  const { items, pid, secret } = await launcher.take();
  assertEquals([pid, secret], [7, HANDSHAKE.secret]);
  await peer.tell("ready 1");
  await peer.print("stdout", "hello");
  await peer.end();
  const said = (await Array.fromAsync(items)).map((item) =>
    "words" in item ? item.words.join(" ") : new TextDecoder().decode(item.bytes)
  );
  assertEquals(said, ["ready 1", "hello"]);
});

Deno.test("WarmLauncher.end() closes its stdin and waits for its end", async () => {
  const { launcher, peer } = await readyWith({ hasInterpreter: true });
  await launcher.end();
  assertEquals([peer.isClosed, peer.isLeft, launcher.isAlive], [true, true, false]);
});

Deno.test("encodeProgram() puts small files into the message of an interpreter, others into an archive", async () => {
  const spec = { image: "i", file: "main.py", run: ["python3", "{file}"] };
  const order = async (files: Record<string, Uint8Array<ArrayBuffer>>, hasInterpreter = true) => {
    const parts = await encodeProgram({ hasInterpreter }, { ...FILE, args: ["x"] }, {
      spec,
      env: { A: "ä" },
      files: new Map(Object.entries(files)),
    });
    return parts.map((part) => new TextDecoder().decode(part)).join("");
  };
  const message = "1:14:A=ä1:17:main.py2:hi7:python37:main.py1:x";
  assertEquals(await order({ "main.py": encode("hi") }), `0 ${encode(message).length}\n${message}`);
  for (const files of [{ "a/b": encode("") }, { large: new Uint8Array(65_537) }]) {
    assertEquals((await order(files)).split(" ")[0] === "0", false);
  }
  assertEquals(
    (await order({}, false)).replace(/\/build\/[0-9a-f-]+/, "OUTPUT"),
    "'0' 'OUTPUT' '/workspace' '0' 'env' 'A=ä' 'python3' 'main.py' 'x'\n",
  );
});
