import { assert, assertEquals, assertRejects } from "@std/assert";
import { concatBytes } from "../../../src/core/bytes/bytes.ts";
import { CodeBeakerError, type ErrorCode } from "../../../src/core/errors.ts";
import { MEBIBYTE } from "../../../src/core/limits.ts";
import { CheckedArchive } from "../../../src/workspace/archive/checked_archive.ts";
import { inPieces, makeTar, readTar, type TarEntry, unpackAll } from "../../support/tar.ts";

const DIRECTORY = "/tmp";
const BLOCK = 512;

/** What an archive becomes that is taken. */
async function check(
  archive: ReadableStream<Uint8Array>,
  { maxBytes = MEBIBYTE }: { readonly maxBytes?: number } = {},
): Promise<string[]> {
  using checked = await CheckedArchive.read(archive, { directory: DIRECTORY, maxBytes });
  return await readTar(checked.stream());
}

async function checkEntries(
  entries: readonly TarEntry[],
  options: { readonly maxBytes?: number } = {},
): Promise<string[]> {
  return await check(inPieces(await makeTar(entries)), options);
}

async function assertRefused(
  code: ErrorCode,
  archives: Readonly<Record<string, () => Promise<unknown>>>,
): Promise<void> {
  const before = [...Deno.readDirSync("/proc/self/fd")].length;
  for (const [name, read] of Object.entries(archives)) {
    const error = await assertRejects(read, CodeBeakerError);
    assertEquals([name, error.code], [name, code]);
  }
  const after = [...Deno.readDirSync("/proc/self/fd")].length;
  assert(after <= before, `${after} descriptors are open, and ${before} were`); // Other tests may still close theirs.
}

/** Every entry alone is refused. */
async function assertEntriesRefused(
  code: ErrorCode,
  entries: readonly (TarEntry | readonly TarEntry[])[],
): Promise<void> {
  await assertRefused(
    code,
    Object.fromEntries(
      entries.map((entry) => [JSON.stringify(entry).slice(0, 100), () => checkEntries([entry].flat())]),
    ),
  );
}

/** Changes a header and makes its checksum right again. */
function forge(archive: Uint8Array<ArrayBuffer>, at: number, bytes: readonly number[]): Uint8Array<ArrayBuffer> {
  const forged = archive.slice();
  forged.set(bytes, at);
  const header = forged.subarray(0, BLOCK);
  header.fill(32, 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  return forged;
}

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const compressed = ReadableStream.from<BufferSource>([bytes]).pipeThrough(new CompressionStream("gzip"));
  return await new Response(compressed).bytes();
}

const encode = (text: string) => [...new TextEncoder().encode(text)];
const link = (name: string, linkname: string): TarEntry => ({ name, linkname, type: "symlink" });

Deno.test("CheckedArchive gives directories, files and links with normal paths, in the order they came", async () => {
  assertEquals(
    await checkEntries([
      { name: "./", type: "directory" },
      { name: "./d/./e//f", text: "text" },
      { name: "/workspace/g", text: "inside" },
      { name: "empty/", type: "directory" },
      link("d/up", "../g"),
      link("absolute", "/workspace/d/e"),
      link("dangling", "no/where"),
      link("self", "."),
    ]),
    [
      "./absolute symlink /workspace/d/e",
      "./d/e/f file text",
      "./d/up symlink ../g",
      "./dangling symlink no/where",
      "./empty/ directory",
      "./g file inside",
      "./self symlink .",
    ],
  );
});

Deno.test("CheckedArchive keeps nothing of owners, modes and attributes but who may run a file", async () => {
  const owner = { uid: 7, gid: 8, uname: "root", gname: "wheel", pax: { "SCHILY.xattr.security.capability": "x" } };
  using checked = await CheckedArchive.read(
    inPieces(
      await makeTar([
        { name: "tool", mode: 0o6711, text: "1", ...owner },
        { name: "plain", mode: 0o4666, text: "2", ...owner },
        { name: "d/", type: "directory", mode: 0o1777, ...owner },
      ]),
    ),
    { directory: DIRECTORY, maxBytes: 10 },
  );
  const entries = await unpackAll(checked.stream());
  assertEquals(entries.map(({ header: { name, mode, uid, gid, uname, pax } }) => [name, mode, uid, gid, uname, pax]), [
    ["./d/", 0o755, 0, 0, "", undefined],
    ["./plain", 0o644, 0, 0, "", undefined],
    ["./tool", 0o755, 0, 0, "", undefined],
  ]);
});

Deno.test("CheckedArchive refuses every path that leaves the workspace", () =>
  assertEntriesRefused("permission_denied", [
    { name: "../x" },
    { name: "a/../../x" },
    { name: "a/.." },
    { name: "a/../b" },
    { name: "/etc/passwd" },
    { name: "//etc/passwd" },
    { name: "/workspace/../x" },
    { name: "/workspacex/x" },
    { name: "..", type: "directory" },
    { name: "../x/", type: "directory" },
    { name: "x", pax: { path: "../x" } },
    { name: "x", pax: { path: "a\0b" } },
    { name: `${"a/".repeat(60)}../x` },
    [{ name: "f" }, { name: "../x", type: "link", linkname: "f" }],
    { name: "../x", type: "symlink", linkname: "f" },
  ]));

Deno.test("CheckedArchive refuses every link that leads out, and every one whose text does not tell where it leads", () =>
  assertEntriesRefused("permission_denied", [
    link("l", "/etc/passwd"),
    link("l", "/"),
    link("l", "/workspacex"),
    link("l", "/workspace/.."),
    link("l", "/workspace/a/../../x"),
    link("l", ".."),
    link("l", "../x"),
    link("l", "./../x"),
    link("a/b/l", "../../../x"),
    link("a/l", "a/../../.."),
    link("l", `${"a/".repeat(60)}../x`),
    [link("a/b/root", "../.."), link("out", "a/b/root/../x")],
    [{ name: "x" }, { name: "l", type: "link", linkname: "../x" }],
    [{ name: "x" }, { name: "l", type: "link", linkname: "/etc/passwd" }],
  ]));

Deno.test("CheckedArchive refuses a path through anything but a directory, in whatever order they come", () =>
  assertEntriesRefused("invalid_request", [
    [link("l", "d"), { name: "l/f" }],
    [link("l", "d"), { name: "l/e/f" }],
    [link("l", "."), { name: "l/", type: "directory" }],
    [{ name: "l/f" }, link("l", "d")],
    [{ name: "l/", type: "directory" }, link("l", "d")],
    [{ name: "f" }, { name: "f/g" }],
    [{ name: "f/g" }, { name: "f" }],
    [{ name: "f" }, { name: "f/", type: "directory" }],
    [{ name: "f" }, link("f", "g"), { name: "f/g" }],
  ]));

Deno.test("CheckedArchive lets the last entry of a path stand", async () => {
  assertEquals(
    await checkEntries([{ name: "f", text: "1" }, { name: "g" }, link("f", "g"), { name: "./f", text: "3" }]),
    ["./f file 3", "./g file"],
  );
});

Deno.test("CheckedArchive makes a hard link a file of its own, which counts", async () => {
  const entries: TarEntry[] = [
    { name: "f", text: "12345" },
    { name: "d/copy", type: "link", linkname: "./f" },
    { name: "f", text: "new" },
  ];
  assertEquals(await checkEntries(entries, { maxBytes: 13 }), ["./d/copy file 12345", "./f file new"]);
  await assertRefused("too_large", { copies: () => checkEntries(entries, { maxBytes: 12 }) });
  await assertEntriesRefused("invalid_request", [
    { name: "l", type: "link", linkname: "later" },
    [{ name: "d/", type: "directory" }, { name: "l", type: "link", linkname: "d" }],
    [link("s", "f"), { name: "l", type: "link", linkname: "s" }],
    { name: "l", type: "link", linkname: "l" },
  ]);
});

Deno.test("CheckedArchive refuses devices, pipes, sparse files and kinds that it does not know", async () => {
  await assertEntriesRefused("invalid_request", [
    { name: "null", type: "character-device" },
    { name: "disk", type: "block-device" },
    { name: "pipe", type: "fifo" },
    { name: "f", text: "x", pax: { "GNU.sparse.map": "0,1" } },
    { name: "f", text: "x", pax: { "GNU.sparse.major": "1" } },
  ]);
  const plain = await makeTar([{ name: "f", text: "x" }]);
  for (const type of "SVMDNAX?\x01") {
    await assertRefused("invalid_request", { [type]: () => check(inPieces(forge(plain, 156, encode(type)))) });
  }
  assertEquals(await check(inPieces(forge(plain, 156, encode("7")))), ["./f file x"]);
  assertEquals(await check(inPieces(forge(plain, 156, [0]))), ["./f file x"]);
});

Deno.test("CheckedArchive refuses names that no file system takes, and those that are not UTF-8", async () => {
  await assertEntriesRefused("invalid_request", [
    { name: "n".repeat(256) },
    { name: `${`${"n".repeat(200)}/`.repeat(21)}f` },
    { name: "." },
    link(".", "x"),
    link("l", "x".repeat(4_096)),
    link("l", ""),
  ]);
  const plain = await makeTar([{ name: "f", text: "x" }]);
  await assertRefused("invalid_request", { latin1: () => check(inPieces(forge(plain, 0, [0xfc]))) });
  await assertRefused("too_large", { deep: () => checkEntries([{ name: "d/".repeat(200) + "f" }]) });
});

Deno.test("CheckedArchive refuses what is no whole tar archive", async () => {
  const whole = await makeTar([{ name: "f", text: "x".repeat(1_000) }, { name: "g" }]);
  await assertRefused("invalid_request", {
    nothing: () => check(inPieces(new Uint8Array())),
    "one byte": () => check(inPieces(new Uint8Array([0x1f]))),
    text: () => check(inPieces(new TextEncoder().encode("no archive".repeat(1_000)))),
    zip: () => check(inPieces(concatBytes([new Uint8Array([0x50, 0x4b, 3, 4]), new Uint8Array(2_000)]))),
    "a header that was changed": () => check(inPieces(whole.with(0, 0x67))),
    "a size that is no number": () => check(inPieces(forge(whole, 124, encode("12x4")))),
    "a size beyond all": () => check(inPieces(forge(whole, 124, new Array(12).fill(255)))),
    "no gzip": () => check(inPieces(concatBytes([new Uint8Array([0x1f, 0x8b]), new Uint8Array(1_000)]))),
  });
  for (const length of [100, 512, 1_000, 1_536, 2_048, 2_560, whole.length - 512]) {
    await assertRefused("invalid_request", { [`cut at ${length}`]: () => check(inPieces(whole.subarray(0, length))) });
  }
});

Deno.test("CheckedArchive refuses an archive whose sizes lie", async () => {
  const archive = await makeTar([{ name: "f", text: "x".repeat(600) }, { name: "g" }]);
  await assertRefused("invalid_request", {
    "less than there is": () => check(inPieces(forge(archive, 124, encode("00000000010\0")))),
    "more than there is": () => check(inPieces(forge(archive, 124, encode("00000007777\0")))),
    "an attribute": () => checkEntries([{ name: "f", text: "x".repeat(600), pax: { size: "1" } }]),
  });
});

Deno.test("CheckedArchive refuses more than the limit as soon as it is announced", async () => {
  assertEquals(
    (await checkEntries([{ name: "a", text: "12345" }, { name: "b", text: "12345" }], { maxBytes: 10 })).length,
    2,
  );
  await assertRefused("too_large", {
    together: () => checkEntries([{ name: "a", text: "12345" }, { name: "b", text: "123456" }], { maxBytes: 10 }),
  });
  const archive = await makeTar([{ name: "f", text: "x" }]);
  let hasEnded = false;
  const endless = (head: Uint8Array, more: Uint8Array) =>
    new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(head),
      pull: (controller) => controller.enqueue(more),
      cancel: () => void (hasEnded = true),
    });
  for (
    const [name, stream] of Object.entries({
      "a huge size, before its content": new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(forge(archive, 124, encode("77777777777\0")).subarray(0, BLOCK)),
        cancel: () => void (hasEnded = true),
      }),
      "headers without end": endless(new Uint8Array(), concatBytes(new Array(64).fill(archive.subarray(0, BLOCK * 2)))),
      "zeros without end": endless(archive, new Uint8Array(65_536)),
      "attributes without end": endless(
        new Uint8Array(),
        (await makeTar([{ name: "f", pax: { x: "y".repeat(60_000) } }])).subarray(0, 60_928),
      ),
    })
  ) {
    hasEnded = false;
    await assertRefused("too_large", { [name]: () => check(stream) });
    assertEquals([name, hasEnded], [name, true]);
  }
});

Deno.test("CheckedArchive refuses more than 10,000 entries, and attributes of more than 64 KiB", async () => {
  const entries = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `f${index}` }));
  const tooMany = await makeTar(entries(10_001));
  const most = concatBytes([tooMany.subarray(0, 10_000 * BLOCK), new Uint8Array(2 * BLOCK)]);
  assertEquals((await check(inPieces(most))).length, 10_000);
  await assertRefused("too_large", {
    entries: () => check(inPieces(tooMany)),
    attributes: () => checkEntries([{ name: "f", pax: { x: "y".repeat(70_000) } }]),
    "directories that no entry names": () =>
      checkEntries(entries(101).map(({ name }) => ({ name: `${name}/${"d/".repeat(99)}f` }))),
  });
});

Deno.test("CheckedArchive takes gzip, and stops a bomb while it unpacks", async () => {
  const archive = await makeTar([{ name: "f", text: "text" }]);
  assertEquals(await check(inPieces(await gzip(archive))), ["./f file text"]);
  const packed = await gzip(archive);
  for (const pieceBytes of [1, 7]) assertEquals(await check(inPieces(packed, pieceBytes)), ["./f file text"]);
  await assertRefused("invalid_request", { cut: () => check(inPieces(packed.subarray(0, packed.length - 10))) });
  const bomb = await gzip(concatBytes([archive.subarray(0, 2 * BLOCK), new Uint8Array(20 * MEBIBYTE)]).slice());
  assert(bomb.length < MEBIBYTE);
  await assertRefused("too_large", { bomb: () => check(inPieces(bomb)) });
  const large = await gzip(await makeTar([{ name: "f", text: "\0".repeat(10 * MEBIBYTE) }]));
  await assertRefused("too_large", { "a large file": () => check(inPieces(large)) });
});

Deno.test("CheckedArchive refuses what it refuses in whatever way it is written", async () => {
  const [harmless, hostile] = [await makeTar([{ name: "f", text: "x" }]), await makeTar([{ name: "../g" }])];
  const size = (...bytes: number[]) => check(inPieces(forge(harmless, 124, bytes)));
  await assertRefused("too_large", {
    "10 TB in binary": () => size(0x80, 0, 0, 0, 0, 0, 0x09, 0x18, 0x4e, 0x72, 0xa0, 0),
  });
  await assertRefused("permission_denied", {
    'a ".." in the prefix of a name': () => check(inPieces(forge(harmless, 345, encode("..")))),
    'a ".." behind what says nothing': () => checkEntries([{ name: "a/./../x" }]),
    'a ".." behind empty names': () => checkEntries([{ name: "./a//../../x" }]),
  });
  await assertRefused("invalid_request", {
    "less than nothing": () => size(...new Array(12).fill(0xff)),
    "another archive behind its end": () => check(inPieces(concatBytes([harmless, hostile]))),
    "a second gzip member": async () => check(inPieces(concatBytes([await gzip(harmless), await gzip(hostile)]))),
    "bytes behind gzip's end": async () => check(inPieces(concatBytes([await gzip(harmless), new Uint8Array(9)]))),
    "gzip in gzip": async () => check(inPieces(await gzip(await gzip(harmless)))),
  });
  const forAll: TarEntry = { name: "g", type: "pax-global-header", pax: { path: "../x" } };
  assertEquals(await checkEntries([forAll, { name: "f" }]), ["./f file"]);
});

Deno.test("CheckedArchive keeps names that look alike apart, and newlines in them", async () => {
  const names = ["caf\u00e9", "cafe\u0301", "F", "f", "a\nb", "\u202ea", "\uff0e\uff0e\uff0fx", "%2e%2e"];
  const entries = await checkEntries(names.map((name) => ({ name })));
  assertEquals(entries, names.toSorted().map((name) => `./${name} file`));
});

Deno.test("CheckedArchive does not care how the bytes are cut", async () => {
  const long = `${"long".repeat(50)}/f`;
  const archive = await makeTar([{ name: long, text: "x".repeat(700) }, link("l", long), { name: "ü😀", text: "y" }]);
  const expected = [`./l symlink ${long}`, `./${long} file ${"x".repeat(700)}`, "./ü😀 file y"];
  for (const pieceBytes of [1, 3, 511, 512, 513, 100_000]) {
    assertEquals(await check(inPieces(archive, pieceBytes)), expected);
  }
});

Deno.test("CheckedArchive tells what its source fails with, and cancels one that it refuses", async () => {
  const archive = await makeTar([{ name: "f", text: "x".repeat(10_000) }]);
  const failing = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(archive.subarray(0, 2_000)),
    pull: () => Promise.reject(new TypeError("the client is gone")),
  }, { highWaterMark: 0 });
  await assertRejects(() => check(failing), TypeError, "the client is gone");
  const reason = Promise.withResolvers<unknown>();
  const stalled = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(forge(archive, 156, encode("6"))),
    cancel: reason.resolve,
  });
  await assertRefused("invalid_request", { stalled: () => check(stalled) });
  assert(await reason.promise instanceof Error);
});

Deno.test("CheckedArchive leaves no file behind", async () => {
  const directory = await Deno.makeTempDir();
  const archive = await makeTar([{ name: "f", text: "x" }]);
  {
    using checked = await CheckedArchive.read(inPieces(archive), { directory, maxBytes: 10 });
    assertEquals(await readTar(checked.stream()), ["./f file x"]);
    assertEquals([...Deno.readDirSync(directory)], []);
    await checked.stream().cancel();
  }
  await Deno.remove(directory);
});
