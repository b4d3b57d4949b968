import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { CodeBeakerError, Sandbox, start } from "@codebeaker/client";
import { freePort } from "../support/free_port.ts";
import {
  accepted,
  type Answer,
  CANCEL,
  ended,
  event,
  FakeService,
  FOLLOW,
  later,
  never,
  refuse,
  rejects,
  RUN,
  SESSION,
  SHOW,
  stream,
} from "./fake_service.ts";

Deno.test("a request that the service was too busy for is repeated when the service says", async () => {
  const busy = refuse("busy", 429, { "retry-after": "0" });
  const unavailable = refuse("runtime_unavailable", 503, { "retry-after": "0" });
  await using service = new FakeService({
    "POST /v1/sessions": [busy, unavailable, () => Response.json(SESSION, { status: 201 })],
    [RUN]: [busy, ended],
  });
  const sandbox = await Sandbox.create("python", { url: `${service.url}/`, key: "secret" });
  assertEquals((await sandbox.run("1")).stdout, "héllo");
  assertEquals(new Set(service.got.map(({ headers }) => headers.get("authorization"))), new Set(["Bearer secret"]));
  const keys = service.got.slice(3).map(({ headers }) => headers.get("idempotency-key"));
  assertEquals(keys.length, 2);
  assert(keys[0] !== null && keys[0] === keys[1]);
});

Deno.test("an error is thrown at once where waiting does not help, or takes too long", async () => {
  await using service = new FakeService({
    [RUN]: [refuse("busy", 429, { "retry-after": "3600" }), refuse("runtime_unavailable", 503), ended],
  });
  const sandbox = await Sandbox.create("python", service);
  assertEquals((await rejects(sandbox.run("1"), "busy")).retryAfterMs, 3_600_000);
  const error = await rejects(sandbox.run("1"), "runtime_unavailable");
  assertEquals([error.status, error.problem?.title, error.retryAfterMs], [503, "runtime_unavailable", undefined]);
  assertEquals(service.lines, [RUN, RUN]);
});

Deno.test("an answer that is none of CodeBeaker says so, and shows its beginning", async () => {
  const page = (status: number) => () =>
    new Response("<html>nginx", { status, headers: { "content-type": "text/html" } });
  await using service = new FakeService({
    [RUN]: [page(200), page(404), page(308), page(502), () => Response.json(null), accepted],
    [FOLLOW]: [page(200)],
    [SHOW]: [() => Response.json({ id: "exec_1", status: "novel" })],
    "GET /v1/sessions/sess_1/files": [() => new Response()],
    "GET /v1/sessions/sess_1/contexts": [() => Response.json({})],
    "POST /v1/sessions/sess_1/commands": [() => Response.json(null), () => Response.json({ success: false, error: 1 })],
  });
  const sandbox = await Sandbox.create("python", { url: service.url, retries: 0 });
  for (const code of ["bad_answer", "bad_answer", "bad_answer", "unreachable"]) {
    assertStringIncludes((await rejects(sandbox.run("1"), code)).message, "nginx");
  }
  await rejects(sandbox.run("1"), "bad_answer");
  const program = await sandbox.start("1");
  await rejects(Array.fromAsync(program), "bad_answer");
  await rejects(program.wait(), "bad_answer");
  await rejects(sandbox.files.list(), "bad_answer");
  await rejects(sandbox.contexts.list(), "bad_answer");
  const command = { type: "create_directory", path: "d" } as const;
  for (let time = 0; time < 2; time++) await rejects(sandbox.commands.send(command), "bad_answer");
});

Deno.test("stdin can be closed behind the program's end, and not be written", async () => {
  const refused = refuse("conflict", 409);
  await using service = new FakeService({ [RUN]: [accepted], "POST /v1/executions/exec_1/stdin": [refused, refused] });
  const program = await (await Sandbox.create("python", service)).start("1");
  await program.closeStdin();
  await rejects(program.write("a"), "conflict");
});

Deno.test("a key that is a word of an answer changes nothing", async () => {
  await using service = new FakeService({ [RUN]: [refuse("conflict", 409)] });
  const sandbox = await Sandbox.create("python", { url: service.url, key: "code" });
  await rejects(sandbox.run("1"), "conflict");
});

Deno.test("no error shows the key or an address with a user, which are checked before a request", async () => {
  const key = "cb_secret";
  const echo = (status: number, body: (sent: string | null) => string): Answer => ({ headers }) =>
    new Response(body(headers.get("authorization")), { status });
  await using service = new FakeService({
    [RUN]: [
      echo(404, (sent) => `<html>${sent}`),
      echo(200, (sent) => `<html>${sent}`),
      echo(200, (sent) => JSON.stringify({ sent })),
      echo(400, (sent) => JSON.stringify({ code: "invalid_request", detail: `Got ${sent}` })),
      accepted,
    ],
    [FOLLOW]: [stream([event(1, "error", { code: "internal", detail: key })])],
    [SHOW]: [() => Response.json({ id: "exec_1", status: "failed", error: { code: "internal", detail: key } })],
  });
  const sandbox = await Sandbox.create("python", { url: service.url, key });
  const errors: CodeBeakerError[] = [];
  for (const code of ["bad_answer", "bad_answer", "bad_answer", "invalid_request"]) {
    errors.push(await rejects(sandbox.run("1"), code));
  }
  const program = await sandbox.start("1");
  errors.push(await rejects(Array.fromAsync(program), "internal"), await rejects(program.wait(), "internal"));
  for (const error of errors) {
    assertStringIncludes(error.message, "***");
    assertEquals(Deno.inspect(error).includes(key), false, Deno.inspect(error));
  }
  const count = service.got.length;
  const refused = [{ key: `${key}\nx` }, { key: "" }, { url: "http://user:cb_secret@127.0.0.1" }, {
    url: "127.0.0.1:1",
  }];
  for (const options of [...refused, { url: `${service.url}?x=1` }]) {
    const error = await rejects(Sandbox.create("python", { url: service.url, ...options }), "invalid_request");
    assertEquals(Deno.inspect(error).includes(key), false, Deno.inspect(error));
  }
  assertEquals(service.got.length, count);
});

Deno.test("a service that is not there, or says nothing, is unreachable", async () => {
  const nowhere = { url: `http://127.0.0.1:${freePort()}`, retries: 1 };
  assertStringIncludes((await rejects(Sandbox.create("python", nowhere), "unreachable")).message, nowhere.url);
  const silent = { headers: { "content-type": "text/event-stream" } };
  const answers = [
    () => Response.json(SESSION),
    never,
    accepted,
    () => new Response(new ReadableStream(), silent),
    () => later(204),
  ];
  const fetch = async () => await answers.shift()?.() ?? Response.error();
  const sandbox = await Sandbox.create("python", { retries: 0, silenceMs: 50, fetch });
  assertStringIncludes((await rejects(sandbox.contexts.create(), "unreachable")).message, "said nothing for 50 ms");
  const program = await sandbox.start("1");
  await rejects(Array.fromAsync(program), "stream_lost");
  await program.write("x"); // The program may take its time to read it.
});

Deno.test("the reason of an unreachable service is named, also where fetch hides it in a cause", async () => {
  const cause = new AggregateError([new Error("::1"), new Error("connect ECONNREFUSED 127.0.0.1:1")]);
  const fetch = () => Promise.reject(new TypeError("fetch failed", { cause }));
  const { message } = await rejects(Sandbox.create("python", { retries: 0, fetch }), "unreachable");
  assertStringIncludes(message, "its address: fetch failed: connect ECONNREFUSED 127.0.0.1:1");
});

Deno.test("a service may be silent for ever", async () => {
  const fetch = () => later(200, SESSION);
  assertEquals((await Sandbox.create("python", { silenceMs: Infinity, fetch })).id, "sess_1");
});

Deno.test("an aborted run() ends its program, whether its id is known or not, and throws the signal's reason", async () => {
  await using service = new FakeService({ [RUN]: [never, accepted, accepted], [SHOW]: [never], [CANCEL]: [] });
  const sandbox = await Sandbox.create("python", service);
  for (const path of [RUN, SHOW]) {
    const controller = new AbortController();
    const running = sandbox.run("1", { signal: controller.signal });
    while (service.lines.at(-1) !== path) await new Promise((resolve) => setTimeout(resolve, 5));
    const reason = new Error("enough");
    controller.abort(reason);
    assertEquals(await running.catch((error) => error), reason);
  }
  assertEquals(service.lines, [RUN, RUN, CANCEL, RUN, SHOW, CANCEL]);
  const after = service.got.length;
  assertEquals(await sandbox.run("1", { signal: AbortSignal.abort("late") }).catch((error) => error), "late");
  assertEquals(service.got.length, after);
});

Deno.test("an aborted start() ends its program, and sends none again that the service has refused", async () => {
  const submit = "POST /v1/executions";
  await using service = new FakeService({ [submit]: [never, accepted], [CANCEL]: [] });
  const request = { language: "python", code: "1" };
  const controller = new AbortController();
  const { signal } = controller;
  const starting = start(request, { url: service.url, signal });
  while (service.got.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  controller.abort("enough");
  assertEquals(await starting.catch((error) => error), "enough");
  assertEquals(service.got.map(({ line }) => line), [submit, submit, CANCEL]);

  const problem = { code: "busy", detail: "It is busy", retryAfterMs: 20_000 };
  let count = 0;
  const fetch = () => {
    count++;
    return Promise.resolve(Response.json(problem, { status: 429 }));
  };
  const second = new AbortController();
  const refused = start(request, { fetch, signal: second.signal });
  await new Promise((resolve) => setTimeout(resolve, 20)); // The client has read the refusal, and waits.
  second.abort("late");
  assertEquals(await refused.catch((error) => error), "late");
  assertEquals(count, 1);
});

Deno.test("an aborted create() kills the sandbox whose answer comes yet, and asks for none again that was refused", async () => {
  const create = "POST /v1/sessions";
  const aborted = Promise.withResolvers<void>();
  const late: Answer = () => aborted.promise.then(() => Response.json(SESSION, { status: 201 }));
  await using service = new FakeService({ [create]: [late, refuse("busy", 429, { "retry-after": "20" })] });
  for (const expected of [[create, "DELETE /v1/sessions/sess_1"], [create]]) {
    const before = service.got.length;
    const controller = new AbortController();
    const creating = Sandbox.create("python", { url: service.url, signal: controller.signal });
    while (service.got.length === before) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 20)); // The client has read a refusal, and waits.
    controller.abort("enough");
    aborted.resolve();
    assertEquals(await creating.catch((error) => error), "enough");
    assertEquals(service.got.slice(before).map(({ line }) => line), expected);
  }
});

Deno.test("an aborted stream ends with the signal's reason, also between two attempts", async () => {
  await using service = new FakeService({ [RUN]: [accepted], [FOLLOW]: [stream([event(1, "started", {})]), never] });
  const program = await (await Sandbox.create("python", service)).start("1");
  const controller = new AbortController();
  const seen: string[] = [];
  const reading = (async () => {
    for await (const { event } of program.events({ signal: controller.signal })) seen.push(event);
  })();
  while (service.lines.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  controller.abort("enough");
  assertEquals(await reading.catch((error) => error), "enough");
  assertEquals(seen, ["started"]);
});
