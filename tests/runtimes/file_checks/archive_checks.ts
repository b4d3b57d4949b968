import { assert, assertEquals, assertRejects } from "@std/assert";
import { NAMES } from "./name_checks.ts";
import { readTar, type TarEntry, tarStream, unpackAll } from "../../support/tar.ts";
import { assertRefused, encode, type FileChecks, type FilesBench, listPaths, readText } from "./bench.ts";

const LARGE_BYTES = 20_000_000;

async function unpack({ files }: FilesBench, entries: readonly TarEntry[]): Promise<void> {
  await files.unpack(await tarStream(entries));
}

/** What `pack` and `unpack` do. */
export const ARCHIVE_CHECKS: FileChecks = {
  async "pack() holds directories, files and links as links, and nothing else"({ files, plant }) {
    await files.write("d/f", encode("text"));
    await files.write(".hidden/empty", encode(""));
    await files.createDirectory("none/below");
    await plant("ln -s d/f link; ln -s nowhere dangling; ln -s /etc out; ln -s d way; mkfifo pipe d/pipe");
    assertEquals(await readTar(await files.pack()), [
      "./.hidden/ directory",
      "./.hidden/empty file",
      "./d/ directory",
      "./d/f file text",
      "./dangling symlink nowhere",
      "./link symlink d/f",
      "./none/ directory",
      "./none/below/ directory",
      "./out symlink /etc",
      "./way symlink d",
    ]);
  },

  async "pack() of an empty workspace is an empty archive"({ files }) {
    assertEquals(await readTar(await files.pack()), []);
  },

  async "pack() holds each hard link as a file of its own"({ files, plant }) {
    await files.write("a", encode("same"));
    await plant("ln a b");
    assertEquals(await readTar(await files.pack()), ["./a file same", "./b file same"]);
  },

  async "pack() tells of modes only who may run what, of times what a header holds, and of owners nothing"(
    { files, plant },
  ) {
    await files.write("plain", encode("1"));
    await files.write("tool", encode("2"));
    await files.write("before", encode("3"));
    await plant(
      "chmod 4711 tool; chmod 666 plain; mkdir d; chmod 1777 d; touch -d @1000000000 plain; touch -d @-9 before",
    );
    const entries = await unpackAll(await files.pack());
    assertEquals(entries.map(({ header: { name, mode, uid, gid, uname } }) => [name, mode, uid, gid, uname]), [
      ["./before", 0o644, 0, 0, ""],
      ["./d/", 0o755, 0, 0, ""],
      ["./plain", 0o644, 0, 0, ""],
      ["./tool", 0o755, 0, 0, ""],
    ]);
    const seconds = (name: string) =>
      (entries.find(({ header }) => header.name === name)?.header.mtime?.getTime() ?? 1) / 1000;
    assertEquals([seconds("./plain"), seconds("./before")], [1_000_000_000, 0]);
  },

  async "pack() cuts a file that grows meanwhile, and fills up one that shrinks"({ files, plant }) {
    for (const script of ["printf more >> large", ": > large"]) {
      await files.write("large", new Uint8Array(LARGE_BYTES).fill(1));
      await files.write("small", encode("whole"));
      const reader = (await files.pack()).getReader();
      const first = await reader.read();
      assert(first.value !== undefined);
      await plant(script);
      const archive = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(first.value),
        async pull(controller) {
          const { value } = await reader.read();
          if (value === undefined) controller.close();
          else controller.enqueue(value);
        },
      });
      const entries = await unpackAll(archive);
      assertEquals(entries.map(({ header, data }) => [header.name, header.size, data?.length]), [
        ["./large", LARGE_BYTES, LARGE_BYTES],
        ["./small", 5, 5],
      ]);
    }
  },

  async "pack() refuses a tree that is too deep before it has packed anything"({ files, plant }) {
    await plant("mkdir -p $(printf 'd/%.0s' $(seq 135))");
    await assertRefused("too_large", { "too deep": () => files.pack() });
  },

  async "pack() that is cancelled leaves the workspace as it was"({ files }) {
    await files.write("large", new Uint8Array(LARGE_BYTES).fill(1));
    const reader = (await files.pack()).getReader();
    await reader.read();
    await reader.cancel();
    await (await files.pack()).cancel();
    assertEquals(await listPaths(files), ["large file"]);
    assertEquals((await files.stat("large")).size, LARGE_BYTES);
  },

  async "unpack() gives back what pack() took, whatever it is called"({ files, plant }) {
    for (const name of NAMES) await files.write(`${name}/${name}`, encode(name));
    await files.createDirectory(`${"deep/".repeat(60)}empty`);
    await files.write(`${`${"l".repeat(200)}/`.repeat(4)}f`, encode("far"));
    await plant(`ln -s end/end link; ln -s ${"l".repeat(200)}/${"l".repeat(200)} far; ln -s /workspace/end absolute`);
    const before = await listPaths(files);
    const archive = await new Response(await files.pack()).bytes();
    for (const entry of (await files.list(".", { maxDepth: 1 })).children ?? []) {
      await files.delete(entry.path, { recursive: true });
    }
    assertEquals(await listPaths(files), []);
    await files.unpack(ReadableStream.from([archive]));
    assertEquals(await listPaths(files), before);
    for (const name of NAMES) assertEquals(await readText(files, `${name}/${name}`), name);
    assertEquals(await readText(files, "link"), "end");
  },

  async "unpack() makes files that only their owner reads, and that run where they did"(bench) {
    await unpack(bench, [{ name: "d/tool", mode: 0o755, text: "#!/bin/sh" }, {
      name: "d/plain",
      mode: 0o666,
      text: "x",
    }]);
    await bench.plant(
      '[ -x d/tool ] && [ ! -x d/plain ] && [ "$(stat -c %a d/tool d/plain | tr "\\n" " ")" = "700 600 " ]',
    );
  },

  async "unpack() keeps the time of a file"(bench) {
    await unpack(bench, [{ name: "f", mtime: new Date(1_000_000_000_000), text: "x" }]);
    assertEquals((await bench.files.stat("f")).modifiedAt, "2001-09-09T01:46:40.000Z");
  },

  async "unpack() merges directories, and a file or link takes the place of another"(bench) {
    const { files, plant } = bench;
    await files.write("d/kept", encode("kept"));
    await files.write("d/old", encode("a longer text"));
    await files.write("target", encode("target"));
    await files.createDirectory("empty");
    await plant("ln -s target link; ln -s ../target d/below; ln -s d way; echo old > becomes");
    await unpack(bench, [
      { name: "d/", type: "directory" },
      { name: "d/old", text: "new" },
      { name: "d/below", text: "below" },
      { name: "link", text: "file" },
      { name: "becomes", type: "symlink", linkname: "d/kept" },
      { name: "empty", text: "no directory" },
      { name: "way/", type: "directory" },
      { name: "way/f", text: "beside d" },
    ]);
    assertEquals(await listPaths(files), [
      "becomes symlink",
      "d directory",
      "d/below file",
      "d/kept file",
      "d/old file",
      "empty file",
      "link file",
      "target file",
      "way directory",
      "way/f file",
    ]);
    const texts = ["becomes", "d/old", "d/below", "link", "target", "way/f"].map((path) => readText(files, path));
    assertEquals(await Promise.all(texts), ["kept", "new", "below", "file", "target", "beside d"]);
  },

  async "unpack() follows a link on the way that stays inside"(bench) {
    await bench.files.createDirectory("real");
    await bench.plant("ln -s real way");
    await unpack(bench, [{ name: "way/f", text: "f" }]);
    assertEquals(await listPaths(bench.files), ["real directory", "real/f file", "way symlink"]);
  },

  async "unpack() refuses what is in the way, and loses nothing"(bench) {
    const { files } = bench;
    await files.write("full/f", encode("kept"));
    await files.write("file", encode("kept"));
    await assertRefused("conflict", {
      "a file onto a full directory": () => unpack(bench, [{ name: "full", text: "x" }]),
      "a link onto a full directory": () => unpack(bench, [{ name: "full", type: "symlink", linkname: "file" }]),
    });
    await assertRefused("invalid_request", {
      "a path through a file": () => unpack(bench, [{ name: "file/x", text: "x" }]),
    });
    assertEquals([await readText(files, "full/f"), await readText(files, "file")], ["kept", "kept"]);
  },

  async "unpack() whose source fails is rejected, and the workspace stays usable"({ files }) {
    const [whole] = await Array.fromAsync(await tarStream([{ name: "f", text: "x".repeat(10_000) }]));
    const failing = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue((whole ?? new Uint8Array()).subarray(0, 4_096)),
      pull: () => Promise.reject(new Error("the client is gone")),
    }, { highWaterMark: 0 });
    await assertRejects(() => files.unpack(failing), Error, "the client is gone");
    await files.write("g", encode("on"));
    assertEquals(await readText(files, "g"), "on");
  },
};
