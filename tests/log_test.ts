import { assertEquals, assertMatch } from "@std/assert";
import type { LogRecord } from "@logtape/logtape";
import { collectLines, loadPrettyFormatter } from "../src/log.ts";

function record(properties: Record<string, unknown>): LogRecord {
  const parts = { category: ["codebeaker"], level: "info", timestamp: 0, rawMessage: "http.request" } as const;
  return { ...parts, message: ["http.request"], properties };
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
  const { add, flush } = collectLines(({ level }) => `${level}\n`, (text) => written.push(text));
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
  collectLines(() => "line\n", resolve).add(record({}));
  assertEquals(await promise, "line\n");
});
