import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { SessionExecutionRequest, SessionRequest } from "../../../src/core/requests/session_request.ts";
import { CodeBeakerError, invalidField } from "../../../src/core/errors.ts";
import type { Execution } from "../../../src/core/execution.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import type { Submitted } from "../../../src/engine/port.ts";
import type { ContextsPort, SessionsPort } from "../../../src/sessions/port.ts";
import { fakeExecution, fakeSession } from "../../support/fake_ports.ts";
import { Door, type DoorOptions } from "./door.ts";
import { until } from "../../support/until.ts";
import { connectAndPost, messageOf, modern, post } from "./raw.ts";

function ending(parts: Partial<Execution> = {}): Promise<Submitted> {
  const execution = fakeExecution(parts);
  return Promise.resolve({ id: execution.id, ended: Promise.resolve(execution) });
}

// deno-lint-ignore no-explicit-any
async function call(options: DoorOptions, name: string, args: Readonly<Record<string, unknown>>): Promise<any> {
  await using door = new Door(options);
  const { result } = await messageOf(await post(door.url, modern("tools/call", { name, arguments: args })));
  return result;
}

function run(parts: Partial<Execution>, args: Readonly<Record<string, unknown>> = {}) {
  return call({ engine: { submit: () => ending(parts) } }, "run_code", { language: "ts", code: "1", ...args });
}

Deno.test("run_code: a program that fails is a result, whose text says how it ended", async () => {
  const { content, isError, structuredContent } = await run({
    outcome: { kind: "exited", exitCode: 3 },
    exitCode: 3,
    stdout: "out\n",
    stderr: "err\n",
  });
  assertEquals(isError, undefined);
  assertEquals(content, [{
    type: "text",
    text: "out\n\nStandard error:\nerr\n\nThe program ended with exit code 3.",
  }]);
  assertEquals(structuredContent.notes, ["The program ended with exit code 3."]);
});

Deno.test("run_code: what a limit ended names the limit to raise", async () => {
  const table: [outcome: Execution["outcome"], text: string][] = [
    [{ kind: "timed_out", limitMs: 10_000 }, "Pass a larger timeoutMs"],
    [{ kind: "cpu_limit", limitMs: 10, observedMs: 11 }, "limits.cpuMs"],
    [{ kind: "memory_limit", limitMb: 64, observedMb: 70 }, "limits.memoryMb"],
    [{ kind: "output_limit", limitBytes: 10, observedBytes: 11 }, "limits.maxTotalOutputBytes"],
    [{ kind: "disk_limit", limitMb: 64, observedMb: 70 }, "limits.diskMb"],
    [{ kind: "process_limit", limit: 4, observed: 5 }, "limits.maxProcesses"],
  ];
  for (const [outcome, text] of table) {
    const { content } = await run({ outcome, exitCode: null });
    assertStringIncludes(content[0].text, text);
  }
  const full = { outcome: { kind: "disk_limit", limitMb: 64, observedMb: 70 }, exitCode: null } as const;
  const sessions = { ...oneSession(), submit: () => ending(full) };
  const { content } = await call({ sessions }, "run_code", { session: "sess_1", code: "1" });
  assertStringIncludes(
    content[0].text,
    'session "new". Or delete some of its files, which are still there: call run_command with rm.',
  );
});

Deno.test("run_code: a denial names the call that would be allowed, and data has its remedy", async () => {
  const denial = {
    kind: "net",
    target: "example.com:443",
    at: "main.ts:1:7",
    rule: "permissions.allowNet is false",
    remedy: { permissions: { allowNet: ["example.com:443"] } },
  } as const;
  const { content, structuredContent } = await run({ denials: [denial], denialsOmitted: 2 });
  assertStringIncludes(
    content[0].text,
    'Denied: net example.com:443 at main.ts:1:7 (permissions.allowNet is false). To allow it, call run_code again with permissions.allowNet set to ["example.com:443"].\n\n2 more accesses were denied.',
  );
  assertEquals(structuredContent.denials, [denial]);
  const inSession = await call(
    { sessions: { ...oneSession(), submit: () => ending({ denials: [denial] }) } },
    "run_code",
    { session: "sess_1", code: "1" },
  );
  assertStringIncludes(
    inSession.content[0].text,
    'start another session: call run_code with session "new" and with permissions.allowNet set to ["example.com:443"].',
  );
});

Deno.test("run_code: cut output is marked in its place, and little is kept by default", async () => {
  const asked: (number | undefined)[] = [];
  const engine: DoorOptions["engine"] = {
    submit(_caller, { limits }) {
      asked.push(limits.maxOutputBytes);
      return ending({ stdout: "headtail", truncated: { stdout: 100, stderr: 0 }, truncatedAt: { stdout: 4 } });
    },
  };
  const { content, structuredContent } = await call({ engine }, "run_code", { language: "ts", code: "1" });
  const marked = "head\n[… 100 bytes are left out here …]\ntail";
  assertStringIncludes(content[0].text, `${marked}\n\n100 bytes of stdout are left out.`);
  assertEquals(structuredContent.stdout, marked);
  await call({ engine }, "run_code", { language: "ts", code: "1", limits: { maxOutputBytes: 100_000 } });
  assertEquals(asked, [32_768, 100_000]);
});

Deno.test("run_code: images are images, and other files are embedded", async () => {
  const { content, structuredContent } = await run({
    outputFiles: [
      { path: "out/a b.png", content: "iVBORw0KGgo=", encoding: "base64", bytes: 8 },
      { path: "a.csv", content: "1,2", encoding: "utf8", bytes: 3 },
      { path: "a.bin", content: "AAE=", encoding: "base64", bytes: 2 },
      { path: "no.png", content: "AAE=", encoding: "base64", bytes: 2 },
      { path: "a.constructor", content: "AAE=", encoding: "base64", bytes: 2 },
    ],
    outputFilesOmitted: { count: 1, paths: ["big.bin"] },
  }, { outputs: ["*"] });
  const uri = "codebeaker://executions/exec_1/outputs";
  assertEquals(content.slice(1), [
    { type: "image", data: "iVBORw0KGgo=", mimeType: "image/png" },
    { type: "resource", resource: { uri: `${uri}/a.csv`, mimeType: "text/plain", text: "1,2" } },
    { type: "resource", resource: { uri: `${uri}/a.bin`, mimeType: "application/octet-stream", blob: "AAE=" } },
    { type: "resource", resource: { uri: `${uri}/no.png`, mimeType: "application/octet-stream", blob: "AAE=" } },
    { type: "resource", resource: { uri: `${uri}/a.constructor`, mimeType: "application/octet-stream", blob: "AAE=" } },
  ]);
  assertEquals(structuredContent.files[0], { path: "out/a b.png", bytes: 8, mimeType: "image/png" });
  assertEquals(structuredContent.notes, ["Files left out: 1: big.bin"]);
  const none = await run({ outputFiles: [] }, { outputs: ["*"] });
  assertEquals(none.structuredContent.notes, ["No file matches outputs."]);
});

Deno.test("run_code: a cell's displays are images where they can be, else text", async () => {
  const cell = {
    text: "<Figure>",
    value: { "image/png": "iVBO\nRw0KGgo=", "text/plain": "<Figure>" },
    valueType: "mime",
    displays: [
      { "text/plain": "cleared" },
      { "application/vnd.codebeaker.clear-output+json": { wait: true } },
      { "text/plain": "a table" },
      { "application/x-other": "?" },
      { "image/png": "iVBORw0KGgo= no base64 !!", "text/plain": "a broken image" },
      { "image/png": "AAEC" },
    ],
  } as const;
  const contexts = contextsWith(cell);
  const { content, structuredContent } = await call(
    { sessions: { ...oneSession(), contexts: () => contexts } },
    "run_code",
    { session: "sess_1", cell: true, code: "plot()" },
  );
  assertEquals(content, [
    { type: "text", text: "Value: <Figure>\n\nSession: sess_1" },
    { type: "text", text: "a table" },
    { type: "text", text: "A display of application/x-other." },
    { type: "text", text: "a broken image" },
    { type: "text", text: "A display of image/png." },
    { type: "image", data: "iVBORw0KGgo=", mimeType: "image/png" },
  ]);
  assertEquals([structuredContent.session, structuredContent.value], ["sess_1", "<Figure>"]);
});

Deno.test("run_code: a cell runs in the default context of its language, whatever name the language has", async () => {
  const asked: unknown[] = [];
  const contexts = contextsWith({}, asked);
  for (const language of [undefined, "py"]) {
    const args = { session: "sess_1", cell: true, code: "1", ...(language === undefined ? {} : { language }) };
    await call({ sessions: { ...oneSession(), contexts: () => contexts } }, "run_code", args);
  }
  assertEquals(asked, [undefined, "ctx_1", "python", "ctx_1"]);
});

Deno.test("run_code: a cell runs in the next default context where the first is lost meanwhile", async () => {
  const ids = ["ctx_1", "ctx_2"];
  const contexts: Partial<ContextsPort> = {
    findDefault: () => Promise.resolve(ids.shift() ?? ""),
    submit: (id) => id === "ctx_1" ? Promise.reject(new CodeBeakerError("conflict", "It is lost")) : ending(),
  };
  const sessions = { ...oneSession(), contexts: () => contexts as ContextsPort };
  const { isError } = await call({ sessions }, "run_code", { session: "sess_1", cell: true, code: "1" });
  assertEquals([isError, ids], [undefined, []]);
});

Deno.test("run_code: a cell takes no field that it would ignore", async () => {
  const args = { session: "sess_1", cell: true, code: "1", outputs: ["*.png"] };
  const { content, isError } = await call({ sessions: oneSession() }, "run_code", args);
  assertEquals([isError, content[0].text.includes("no outputs")], [true, true]);
});

Deno.test('run_code: session "new" starts one with the settings of the call, and returns its id', async () => {
  const created: SessionRequest[] = [];
  const submitted: SessionExecutionRequest[] = [];
  const sessions: Partial<SessionsPort> = {
    ...oneSession(),
    create(_caller, request) {
      created.push(request);
      return Promise.resolve(fakeSession());
    },
    submit(_caller, _id, request) {
      submitted.push(request);
      return ending({ sessionId: "sess_1", stdout: "1" });
    },
  };
  const settings = { permissions: { allowNet: ["a.example"] }, limits: { memoryMb: 512 }, minIsolation: 7 };
  const args = { session: "new", language: "py", code: "1", timeoutMs: 60_000, ...settings };
  const { structuredContent } = await call({ sessions }, "run_code", args);
  assertEquals(structuredContent.session, "sess_1");
  assertEquals(
    created.map(({ language, permissions: { allowNet }, limits, minIsolation }) => ({
      ...{ language, allowNet, memoryMb: limits.memoryMb, timeoutMs: limits.timeoutMs, minIsolation },
    })),
    [{ language: "python", allowNet: ["a.example"], memoryMb: 512, timeoutMs: undefined, minIsolation: 7 }],
  );
  assertEquals(submitted[0]?.limits.timeoutMs, 60_000);
});

Deno.test("a session that exists takes no settings of another, and the refusal says what to do", async () => {
  for (
    const [name, args] of [
      ["run_code", { code: "1", permissions: { allowNet: true } }],
      ["run_code", { code: "1", preference: "memory" }],
      ["run_code", { code: "1", language: "python" }],
      ["run_command", { command: "ls", runtime: "fake" }],
      ["write_file", { path: "a", content: "", limits: { diskMb: 100 } }],
    ] as const
  ) {
    const { content, isError } = await call({ sessions: oneSession() }, name, { session: "sess_1", ...args });
    assert(isError);
    assertStringIncludes(content[0].text, "leave out session");
  }
});

Deno.test("a session that was started for a call that fails is closed", async () => {
  const closed: string[] = [];
  const sessions: Partial<SessionsPort> = {
    ...oneSession(),
    create: () => Promise.resolve(fakeSession({ id: "sess_new" })),
    command: () => Promise.reject(new CodeBeakerError("permission_denied", "It leaves the workspace")),
    close(_caller, id) {
      closed.push(id);
      return Promise.resolve();
    },
  };
  const args = { language: "ts", path: "../a", content: "" };
  assertEquals((await call({ sessions }, "write_file", args)).isError, true);
  assertEquals(closed, ["sess_new"]);
  await call({ sessions }, "write_file", { session: "sess_1", path: "../a", content: "" });
  assertEquals(closed, ["sess_new"]);
});

Deno.test("a session that was started for a cancelled call is closed, though its program has a result", async () => {
  const closed: string[] = [];
  const begun = Promise.withResolvers<void>();
  await using door = new Door({
    sessions: {
      ...oneSession(),
      create: () => Promise.resolve(fakeSession({ id: "sess_new" })),
      submit: (_caller, _id, _request, { signal } = {}) =>
        Promise.resolve({
          id: "exec_1",
          ended: new Promise((resolve) => {
            begun.resolve();
            signal?.addEventListener("abort", () => resolve(fakeExecution({ outcome: { kind: "cancelled" } })));
          }),
        }),
      close(_caller, id) {
        closed.push(id);
        return Promise.resolve();
      },
    },
  });
  const params = { name: "run_code", arguments: { session: "new", language: "ts", code: "1" } };
  const connection = await connectAndPost(door.url, modern("tools/call", params));
  await begun.promise;
  connection.close();
  await until(() => closed.length > 0, "the session is closed");
  assertEquals(closed, ["sess_new"]);
});

Deno.test("a session keeps as much as the service does, and each program in it little where its call names nothing", async () => {
  const asked: [named: number | undefined, kept: number | undefined][] = [];
  let named: number | undefined;
  const sessions: Partial<SessionsPort> = {
    show: () => fakeSession(),
    limits: () => ({ ...DEFAULT_LIMITS, ...(named === undefined ? {} : { maxOutputBytes: named }) }),
    create(_caller, { limits: { maxOutputBytes } }) {
      named = maxOutputBytes;
      return Promise.resolve(fakeSession());
    },
    submit(_caller, _id, { limits }) {
      asked.push([named, limits.maxOutputBytes]);
      return ending({ truncated: { stdout: 1, stderr: 0 }, truncatedAt: { stdout: 0 } });
    },
    command(_caller, _id, _command, { limits } = {}) {
      asked.push([named, limits?.maxOutputBytes]);
      return Promise.resolve({
        success: true,
        result: fakeExecution({ truncated: { stdout: 1, stderr: 0 }, truncatedAt: { stdout: 0 } }),
      });
    },
  };
  const more = { limits: { maxOutputBytes: 200_000 } };
  const ran = await call({ sessions }, "run_code", { session: "new", language: "ts", code: "1" });
  assertStringIncludes(ran.content[0].text, "Pass a larger limits.maxOutputBytes.");
  await call({ sessions }, "run_code", { session: "sess_1", code: "1", ...more });
  const shown = await call({ sessions }, "run_command", { session: "sess_1", command: "ls" });
  assertStringIncludes(shown.content[0].text, "Start another session with a larger limits.maxOutputBytes");
  await call({ sessions }, "run_command", { language: "ts", command: "ls", ...more });
  await call({ sessions }, "run_code", { session: "new", language: "ts", code: "1", ...more });
  const expected = [[undefined, 32_768], [undefined, 200_000], [undefined, 32_768], [200_000, 200_000], [
    200_000,
    200_000,
  ]];
  assertEquals(asked, expected);
});

Deno.test("a refusal names its field where its sentence does not", async () => {
  const sessions: Partial<SessionsPort> = {
    ...oneSession(),
    submit: () => Promise.reject(invalidField("limits.maxOutputBytes", "The limit is at most 10")),
  };
  const { content } = await call({ sessions }, "run_code", { session: "sess_1", code: "1" });
  assertEquals(content[0].text, "The limit is at most 10. Fields: limits.maxOutputBytes.");
  const errors = ["below 10", "below 9"].map((message) => ({ path: "minIsolation", message }));
  const submit = () => Promise.reject(new CodeBeakerError("no_suitable_runtime", "None", { details: { errors } }));
  const twice = await call({ engine: { submit } }, "run_code", { language: "ts", code: "1" });
  assertEquals(twice.content[0].text, "None. Fields: minIsolation.");
});

Deno.test("read_file: a long text comes in parts that end with a whole character", async () => {
  const text = `${"a".repeat(65_535)}ä and the rest`;
  const sessions = { ...oneSession(), command: readingFrom(new TextEncoder().encode(text)) };
  const first = (await call({ sessions }, "read_file", { session: "sess_1", path: "a.txt" })).structuredContent;
  assertEquals([first.text.length, first.bytes, first.nextOffset], [65_535, 65_535, 65_535]);
  const offset = first.nextOffset;
  const rest = await call({ sessions }, "read_file", { session: "sess_1", path: "a.txt", offset });
  assertEquals([rest.structuredContent.text, rest.structuredContent.nextOffset], ["ä and the rest", undefined]);
});

Deno.test("read_file: a part has a length, as the next part of an empty one would begin where that began", async () => {
  const args = { session: "sess_1", path: "a.txt", length: 0 };
  const { _meta } = await call({ sessions: oneSession() }, "read_file", args);
  assertEquals(_meta["codebeaker/problem"].code, "invalid_request");
});

Deno.test("write_file: the result has no link, which clients of revisions before 2025-06-18 refuse", async () => {
  const command = () => Promise.resolve({ success: true, result: { path: "a", bytes: 1 } });
  const args = { session: "sess_1", path: "a", content: "1" };
  const { content } = await call({ sessions: { ...oneSession(), command } }, "write_file", args);
  assertEquals(content, [{ type: "text", text: "Wrote 1 bytes to a.\n\nSession: sess_1" }]);
});

Deno.test("a completion has at most 100 values of the sessions that match, and says how many there are", async () => {
  const ids = [...Array.from({ length: 130 }, (_, n) => `sess_new${n}`), "sess_old"];
  const list: SessionsPort["list"] = (_caller, { limit }) => ({
    sessions: ids.slice(0, limit).map((id) => fakeSession({ id })),
  });
  await using door = new Door({ sessions: { list } });
  const ref = { type: "ref/resource", uri: "codebeaker://sessions/{session}/files/{+path}" };
  for (const [value, shown, total, hasMore] of [["sess_o", 1, 1, false], ["sess_n", 100, 130, true]] as const) {
    const params = { ref, argument: { name: "session", value } };
    const { result: { completion } } = await messageOf(await post(door.url, modern("completion/complete", params)));
    assertEquals([completion.values.length, completion.total, completion.hasMore], [shown, total, hasMore]);
  }
});

Deno.test("read_file: an image is shown whole, and other bytes are a resource", async () => {
  const bytes = new Uint8Array(100_000).fill(255);
  bytes.set(Uint8Array.fromBase64("iVBORw0KGgo="));
  const sessions = { ...oneSession(), command: readingFrom(bytes) };
  const image = await call({ sessions }, "read_file", { session: "sess_1", path: "a.PNG" });
  assertEquals(image.content, [{ type: "image", data: bytes.toBase64(), mimeType: "image/png" }]);
  const { content, structuredContent } = await call({ sessions }, "read_file", { session: "sess_1", path: "a.bin" });
  assertEquals([content[0].resource.blob.length > 0, structuredContent.nextOffset], [true, 65_536]);
  assertEquals(content[1].text, "[The file goes on: read from offset 65536.]");
});

Deno.test("list_files: directories come before what is in them, and a long list says what it leaves out", async () => {
  const file = (path: string) => ({ name: path, path, type: "file", size: 1, modifiedAt: "" });
  const children = [{
    ...file("d"),
    type: "directory",
    children: Array.from({ length: 1_001 }, (_, n) => file(`d/${n}`)),
  }];
  const sessions: Partial<SessionsPort> = {
    ...oneSession(),
    command: () => Promise.resolve({ success: true, result: { tree: { ...file("."), children } } }),
  };
  const { content, structuredContent } = await call({ sessions }, "list_files", { session: "sess_1" });
  assertEquals(structuredContent.files.slice(0, 2).map(({ path }: { path: string }) => path), ["d", "d/0"]);
  assertEquals([structuredContent.files.length, structuredContent.omitted], [1_000, 2]);
  assertStringIncludes(content[0].text, "d/\nd/0 (1 bytes)\n");
  assertStringIncludes(content[0].text, "2 more are left out");
});

/** A session of TypeScript, with its limits. */
function oneSession(): Partial<SessionsPort> {
  return { show: () => fakeSession(), limits: () => DEFAULT_LIMITS };
}

/** Reads parts of a file as the command does. */
function readingFrom(bytes: Uint8Array): SessionsPort["command"] {
  return (_caller, _id, command) => {
    const { path, offset = 0, length = Infinity } = command as { path: string; offset?: number; length?: number };
    const part = bytes.subarray(offset, offset + length);
    const result = { path, content: part.toBase64(), encoding: "base64", bytes: part.length };
    return Promise.resolve({ success: true, result });
  };
}

/** Contexts whose every cell answers the same. `asked` gets the language and the id that each names. */
function contextsWith(answer: Partial<Execution>, asked: unknown[] = []): ContextsPort {
  const contexts: Partial<ContextsPort> = {
    findDefault(language) {
      asked.push(language);
      return Promise.resolve("ctx_1");
    },
    submit(id) {
      asked.push(id);
      return ending(answer);
    },
  };
  return contexts as ContextsPort;
}
