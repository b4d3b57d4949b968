import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import type { LogRecord } from "@logtape/logtape";
import { CodeBeakerError } from "../src/core/errors.ts";
import { collectLines, loadPrettyFormatter, openLogFile } from "../src/log.ts";

function record(properties: Record<string, unknown>): LogRecord {
  const parts = { category: ["codebeaker"], level: "info", timestamp: 0, rawMessage: "http.request" } as const;
  return { ...parts, message: ["http.request"], properties };
}

function formatBriefly({ level, rawMessage, properties: { count } }: LogRecord): string {
  return `${level} ${rawMessage}${count === undefined ? "" : ` ${count}`}\n`;
}

/** A write that takes every byte. */
function writingAll(take: (text: string) => void) {
  return (bytes: Uint8Array) => {
    take(new TextDecoder().decode(bytes));
    return bytes.length;
  };
}

Deno.test("loadPrettyFormatter() writes an event and its facts in one line, whatever a client has sent", async () => {
  const format = await loadPrettyFormatter({ colors: false });
  const text = format(record({ path: "/a\nforged line\x1b[31m", status: 200 }));
  assertMatch(text, /^\d\d:\d\d:\d\d\.\d{3} +info +http\.request path='\/a\\nforged line\\x1b\[31m' status=200\n?$/);
  assertMatch(format(record({})), /http\.request\n?$/);
});

Deno.test("loadPrettyFormatter() colours nothing unless it is asked to", async () => {
  const isColoured = async (colors: boolean) =>
    (await loadPrettyFormatter({ colors }))(record({ status: 200 })).includes("\x1b[");
  assertEquals([await isColoured(false), await isColoured(true)], [false, true]);
});

Deno.test("collectLines() writes lines together and in order: at once behind a warning, and when the process ends", () => {
  const written: string[] = [];
  const { add, flush } = collectLines(({ level }) => `${level}\n`, writingAll((text) => written.push(text)));
  const info = record({});
  add(info);
  assertEquals(written, []);
  add({ ...info, level: "warning" });
  assertEquals(written, ["info\nwarning\n"]);
  add(info);
  flush();
  flush();
  assertEquals(written.slice(1), ["info\n"]);
});

Deno.test("collectLines() writes a line that no other follows", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  collectLines(() => "line\n", writingAll(resolve)).add(record({}));
  assertEquals(await promise, "line\n");
});

Deno.test("collectLines() drops what cannot be written, goes on with what comes later, and says how much is missing", async () => {
  const written: string[] = [];
  const failed = Promise.withResolvers<void>();
  let isFull = true;
  const { add, flush } = collectLines(formatBriefly, (bytes) => {
    if (!isFull) return writingAll((text) => written.push(text))(bytes);
    failed.resolve();
    throw new Error("No space left on device");
  });
  add(record({}));
  await failed.promise; // The timer writes, and an error that it throws would end the process.
  add({ ...record({}), level: "warning" });
  isFull = false;
  flush();
  add({ ...record({}), level: "error" });
  add({ ...record({}), level: "error" });
  assertEquals(written, ["error http.request\n", "warning log.lines_dropped 2\n", "error http.request\n"]);
});

Deno.test("collectLines() drops a line that cannot be formatted alone", () => {
  let written = "";
  const { add, flush } = collectLines((one) => {
    if (one.properties["isBad"] === true) throw new TypeError("Converting circular structure to JSON");
    return formatBriefly(one);
  }, writingAll((text) => written += text));
  for (const properties of [{}, { isBad: true }, {}]) add(record(properties));
  flush();
  assertEquals(written, "info http.request\ninfo http.request\nwarning log.lines_dropped 1\n");
});

Deno.test("collectLines() ends a line that a full disk has cut before it writes the next one", () => {
  let written = "";
  let room = 5;
  const { add } = collectLines(formatBriefly, (bytes) => {
    if (room === 0) throw new Error("No space left on device");
    const taken = bytes.subarray(0, room);
    room -= taken.length;
    return writingAll((text) => written += text)(taken);
  });
  const fatal = { ...record({}), level: "fatal" } as const;
  add(fatal);
  add(fatal); // Nothing of it is written, and it is not counted twice.
  room = 100;
  add({ ...fatal, rawMessage: "later" });
  assertEquals(written, "fatal\nfatal later\nwarning log.lines_dropped 2\n");
});

Deno.test("collectLines() writes the rest of a line later, and before others, where its reader was behind", async () => {
  let written = "";
  let room = 3;
  const whole = Promise.withResolvers<void>();
  const { add, flush } = collectLines(({ level }) => `${level}\n`, (bytes) => {
    if (room === 0) throw new Deno.errors.WouldBlock();
    const taken = bytes.subarray(0, room);
    room -= taken.length;
    written += new TextDecoder().decode(taken);
    if (written.length === "error\nwarning\n".length) whole.resolve();
    return taken.length;
  });
  add({ ...record({}), level: "error" });
  add({ ...record({}), level: "warning" });
  assertEquals(written, "err");
  room = 100;
  const waits = setTimeout(() => {}, 2 ** 31 - 1); // The attempts do not keep the process.
  await whole.promise;
  clearTimeout(waits);
  flush();
  assertEquals(written, "error\nwarning\n");
});

Deno.test("collectLines() keeps a bounded number of whole lines for a reader that is behind", () => {
  let isBehind = true;
  let written = "";
  const line = `${"x".repeat(99_999)}\n`;
  const formatLong = (one: LogRecord) => one.rawMessage === "http.request" ? line : formatBriefly(one);
  const { add, flush } = collectLines(formatLong, (bytes) => {
    if (isBehind) throw new Deno.errors.WouldBlock();
    return writingAll((text) => written += text)(bytes);
  });
  for (let count = 0; count < 50; count++) add({ ...record({}), level: "warning" });
  isBehind = false;
  flush();
  assertEquals(written, `${line.repeat(11)}warning log.lines_dropped 39\n`); // The first over 1 MiB is the last.
});

Deno.test("openLogFile() adds to a file, and begins another when the file was renamed and it reopens", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const path = `${directory}/service.log`;
    await Deno.writeTextFile(path, "before\n");
    using file = openLogFile(path);
    const write = (text: string) => file.writeSync(new TextEncoder().encode(text));
    write("first\n");
    await Deno.rename(path, `${path}.1`);
    write("second\n");
    file.reopen();
    write("third\n");
    assertEquals(await Deno.readTextFile(`${path}.1`), "before\nfirst\nsecond\n");
    assertEquals(await Deno.readTextFile(path), "third\n");
    assertEquals((await Deno.stat(path)).mode, 0o100640);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("openLogFile() goes on with the file that it has when it cannot reopen", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const path = `${directory}/service.log`;
    using file = openLogFile(path);
    await Deno.rename(path, `${path}.1`);
    await Deno.mkdir(path);
    assertThrows(() => file.reopen(), CodeBeakerError, `it is no regular file: ${path}`);
    file.writeSync(new TextEncoder().encode("kept\n"));
    assertEquals(await Deno.readTextFile(`${path}.1`), "kept\n");
    assertThrows(
      () => openLogFile(`${directory}/absent/service.log`),
      CodeBeakerError,
      "Cannot open the log file (logFile)",
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
