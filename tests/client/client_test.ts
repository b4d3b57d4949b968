import { assertEquals, assertStringIncludes } from "@std/assert";
import { run, Sandbox } from "@codebeaker/client";
import { EVENTS } from "../../client/program.ts";
import { EXECUTION_EVENTS } from "../../src/core/answers/execution_report.ts";
import {
  accepted,
  type Answer,
  COMMAND,
  cut,
  ended,
  event,
  EXECUTION,
  FakeService,
  FOLLOW,
  refuse,
  rejects,
  RUN,
  SESSION,
  SHOW,
  stream,
} from "./fake_service.ts";

Deno.test("EVENTS are those of the service, but the one that is thrown", () => {
  assertEquals(EVENTS.toSorted(), Object.keys(EXECUTION_EVENTS).filter((name) => name !== "error").toSorted());
});

Deno.test("run() survives cut connections under one key, and waits longer than one request does", async () => {
  const running: Answer = () => Response.json({ id: "exec_1", status: "running" });
  await using service = new FakeService({ [RUN]: [cut, accepted], [SHOW]: [running, cut, ended] });
  const sandbox = await Sandbox.create("python", service);
  assertEquals((await sandbox.run("1")).id, "exec_1");
  assertEquals(service.lines, [RUN, RUN, SHOW, SHOW, SHOW]);
  assertEquals(new Set(service.got.slice(1, 3).map(({ headers }) => headers.get("idempotency-key"))).size, 1);
});

Deno.test("what may have been done is not repeated without a key", async () => {
  await using service = new FakeService({ "POST /v1/sessions/sess_1/contexts": [cut] });
  const sandbox = await Sandbox.create("python", service);
  await rejects(sandbox.contexts.create(), "unreachable");
  assertEquals(service.lines.length, 1);
});

Deno.test("a stream that is cut within a character is taken up again after its last whole event", async () => {
  const [second, third] = [event(2, "stdout", { text: "hé" }), event(3, "stdout", { text: "llo" })];
  const bytes = new TextEncoder().encode(second);
  const withinCharacter = bytes.indexOf(0xc3) + 1;
  await using service = new FakeService({
    [RUN]: [accepted],
    [FOLLOW]: [
      stream([event(1, "started", { id: "exec_1", runtime: "x" }), bytes.subarray(0, withinCharacter)], {
        isCut: true,
      }),
      stream([": ping\n\n", bytes.subarray(0, withinCharacter), bytes.subarray(withinCharacter)]),
      stream([third, event(4, "novelty", {}), event(5, "completed", EXECUTION)]),
    ],
  });
  const sandbox = await Sandbox.create("python", service);
  const seen: unknown[] = [];
  for await (const { data, event, id } of await sandbox.start("1")) {
    seen.push([id, event, event === "stdout" ? data.text : ""]);
  }
  assertEquals(seen, [["1", "started", ""], ["2", "stdout", "hé"], ["3", "stdout", "llo"], ["5", "completed", ""]]);
  const after = service.got.filter(({ line }) => line === FOLLOW).map(({ headers }) => headers.get("last-event-id"));
  assertEquals(after, [null, "1", "2"]);
});

Deno.test("the events of a program that was lost with its service end with its record", async () => {
  await using service = new FakeService({
    [RUN]: [accepted],
    [FOLLOW]: [stream([event(8, "stdout", { text: "x" })]), refuse("invalid_request", 400)],
    [SHOW]: [ended],
  });
  const program = await (await Sandbox.create("python", service)).start("1");
  const seen = await Array.fromAsync(program, ({ event, id }) => [id, event]);
  assertEquals(seen, [["8", "stdout"], ["8", "completed"]]);
  await rejects(Array.fromAsync(program.events({ lastEventId: "9" })), "invalid_request");
});

Deno.test("events() after an event of a program that was lost gives its record, also by hand", async () => {
  const lost = { ...EXECUTION, outcome: { kind: "interrupted", reason: "service_lost" } };
  await using service = new FakeService({
    [RUN]: [accepted],
    [FOLLOW]: [refuse("invalid_request", 400)],
    [SHOW]: [() => Response.json({ id: "exec_1", status: "running" }), () => Response.json(lost)],
  });
  const program = await (await Sandbox.create("python", service)).start("1");
  await rejects(Array.fromAsync(program.events({ lastEventId: "9" })), "invalid_request");
  const seen = await Array.fromAsync(program.events({ lastEventId: "9" }), ({ event, id }) => [id, event]);
  assertEquals(seen, [["9", "completed"]]);
});

Deno.test("a stream of messages that move no event on is stream_lost after its retries", async () => {
  await using service = new FakeService({
    [RUN]: [accepted],
    [FOLLOW]: [...Array(2).fill(stream(["event: novelty\ndata: {}\n\n"])), stream([event(1, "completed", EXECUTION)])],
  });
  const sandbox = await Sandbox.create("python", { url: service.url, retries: 1 });
  await rejects(Array.fromAsync(await sandbox.start("1")), "stream_lost");
});

Deno.test("events that break off for good are stream_lost, and an error event is that error", async () => {
  await using service = new FakeService({
    [RUN]: [accepted],
    [FOLLOW]: [
      ...Array(2).fill(stream([])),
      stream([event(1, "error", { code: "internal", detail: "Internal error", status: 500 })]),
      stream(["event: stdout\ndata: {\n\n"]),
      stream(["event: error\ndata: null\n\n"]),
    ],
  });
  const sandbox = await Sandbox.create("python", { url: service.url, retries: 1 });
  const program = await sandbox.start("1");
  await rejects(Array.fromAsync(program), "stream_lost");
  await rejects(Array.fromAsync(program), "internal");
  await rejects(Array.fromAsync(program), "bad_answer");
  await rejects(Array.fromAsync(program), "bad_answer");
});

Deno.test("an undefined stdin of run() is an empty one, and a time limit of 0 is the service's to refuse", async () => {
  await using service = new FakeService({ [RUN]: [ended], [COMMAND]: [ended], "POST /v1/executions": [ended] });
  const sandbox = await Sandbox.create("python", service);
  const options: { stdin: string } = JSON.parse("{}");
  Object.assign(options, { stdin: undefined });
  await sandbox.run({ code: "1", ...options });
  await sandbox.commands.run({ command: "cat", ...options });
  await run({ language: "python", code: "1", ...options }, service);
  await sandbox.install(["x"], { timeoutMs: 0 });
  const bodies = service.got.slice(1).map(({ body }) => JSON.parse(body));
  assertEquals(bodies.map(({ stdin, timeoutMs }) => stdin ?? timeoutMs), ["", "", "", 0]);
});

Deno.test("a stream is sent once, and HEAD of a busy service again", async () => {
  const busy = refuse("busy", 429, { "retry-after": "0" });
  const path = "/v1/sessions/sess_1/files/a";
  await using service = new FakeService({
    [`PUT ${path}`]: [busy],
    [`HEAD ${path}`]: [
      () => new Response(null, { status: 429, headers: { "retry-after": "0" } }),
      () => new Response(null, { headers: { "content-length": "3" } }),
      () => new Response(null, { status: 500 }),
    ],
  });
  const { files } = await Sandbox.create("python", service);
  await rejects(files.write("a", new Blob(["abc"]).stream()), "busy");
  assertEquals(service.lines, [`PUT ${path}`]);
  assertEquals(await files.size("a"), 3);
  await rejects(files.size("a"), "internal");
});

Deno.test("size() says what is wrong in the words of the service, which an answer to HEAD lacks", async () => {
  const path = "/v1/sessions/sess_1/files/d";
  await using service = new FakeService({
    [`HEAD ${path}`]: [() => new Response(null, { status: 400 }), () => new Response(null, { status: 404 })],
    [`GET ${path}`]: [refuse("invalid_request", 400)],
  });
  const { files } = await Sandbox.create("python", service);
  assertEquals((await rejects(files.size("d"), "invalid_request")).message, "It is invalid_request");
  assertEquals(await files.size("d"), undefined);
});

Deno.test("write() refuses to empty a file for want of content, and throws what its stream throws", async () => {
  await using service = new FakeService({});
  const { files } = await Sandbox.create("python", service);
  for (const content of JSON.parse("[[], [null]]")) await rejects(files.write("a", content[0]), "invalid_request");
  assertEquals(service.lines, []);
  const own = new RangeError("own");
  const failing = new ReadableStream({ pull: (controller) => controller.error(own) });
  assertEquals(await files.write("a", failing).catch((error) => error), own);
});

Deno.test("a sandbox that has ended is a conflict, and killing one that is forgotten is no error", async () => {
  const closed: Answer = () => Response.json({ ...SESSION, state: "closed", closedBecause: "idle_timeout" });
  await using service = new FakeService({
    [RUN]: [refuse("conflict", 409)],
    "GET /v1/sessions/sess_1": [closed],
    "DELETE /v1/sessions/sess_1": [refuse("not_found", 404)],
    "POST /v1/sessions/sess_1/contexts": [() => Response.json({ id: "ctx_1" })],
    "DELETE /v1/sessions/sess_1/contexts/ctx_1": [refuse("conflict", 409)],
  });
  await using sandbox = await Sandbox.create("python", service);
  await using _context = await sandbox.contexts.create();
  await rejects(sandbox.run("1"), "conflict");
  assertStringIncludes((await rejects(Sandbox.connect("sess_1", service), "conflict")).message, "idle_timeout");
});

Deno.test("Files names each path so that neither a URL nor a proxy changes it", async () => {
  await using service = new FakeService({});
  const { files } = await Sandbox.create("python", service);
  const table: [path: string, sent: string][] = [
    ["a/b c.txt", "a/b%20c.txt"],
    ["q?#%.txt", "q%3F%23%25.txt"],
    ["/workspace/a", "%2Fworkspace%2Fa"],
    ["..", ".%2F.."],
    ["a/../../commands", "a%2F..%2F..%2Fcommands"],
    ["a//b", "a%2F%2Fb"],
    ["", ".%2F"],
  ];
  for (const [path, sent] of table) {
    await files.write(path, "x");
    assertEquals(service.lines.at(-1), `PUT /v1/sessions/sess_1/files/${sent}`, path);
  }
  await rejects(files.read("a\ud800"), "invalid_request");
});
