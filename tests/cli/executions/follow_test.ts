import { assertEquals, assertStringIncludes } from "@std/assert";
import { runHere } from "../../support/cli.ts";
import { fakeExecution } from "../../support/fake_ports.ts";

/** One connection: events, and whether it breaks off behind them. */
interface Connection {
  readonly events: readonly (readonly [event: string, data: unknown])[];
  readonly breaks?: boolean;
}

/** Serves connections one after the other, with ids counted from 1, and keeps where each was taken up. */
function serving(...connections: readonly Connection[]) {
  const takenUp: (string | null)[] = [];
  let id = 0;
  const fetch = (_: string, { headers }: RequestInit) => {
    const connection = connections[takenUp.push(new Headers(headers).get("last-event-id")) - 1];
    if (connection === undefined) return Promise.reject(new TypeError("connection refused"));
    const texts = connection.events.map(([event, data]) =>
      `: ping\n\nid: ${++id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`
    );
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const text of texts) controller.enqueue(new TextEncoder().encode(text));
        if (connection.breaks !== true) controller.close();
      },
      pull(controller) {
        if (connection.breaks) controller.error(new TypeError("connection reset"));
      },
    });
    return Promise.resolve(new Response(body, { headers: { "content-type": "text/event-stream" } }));
  };
  return { takenUp, fetch };
}

const FOLLOW = ["executions", "follow", "exec_1"];
const STARTED = ["started", { id: "exec_1", runtime: "one" }] as const;

Deno.test("codebeaker executions follow shows what is printed as it is, and exits like the program", async () => {
  const { code, stdout, stderr } = await runHere(
    FOLLOW,
    serving({
      events: [
        STARTED,
        ["stdout", { text: "one\ntw" }],
        ["stderr", { text: "oops\n" }],
        ["dropped", { stdout: 12, stderr: 0, displays: 1 }],
        ["stdout", { text: "o" }],
        ["display", { data: { "text/plain": "<fig>", "image/png": "…" } }],
        ["display", { data: { "image/png": "…" } }],
        ["something_new", 1],
        ["completed", fakeExecution({ outcome: { kind: "timed_out", limitMs: 50 } })],
      ],
    }),
  );
  assertEquals([code, stdout], [124, "one\ntwo<fig>\n[image/png]\n"]);
  assertEquals(
    stderr,
    "oops\ncodebeaker: not kept: 12 bytes of stdout, 1 displays\ncodebeaker: timed_out (limitMs 50)\n",
  );
});

Deno.test("codebeaker executions follow takes a stream up where it broke off", async () => {
  const { fetch, takenUp } = serving(
    { events: [STARTED, ["stdout", { text: "one " }]], breaks: true },
    { events: [] },
    { events: [["stdout", { text: "two" }], ["completed", fakeExecution()]] },
  );
  const { code, stdout, stderr } = await runHere(FOLLOW, { fetch });
  assertEquals([code, stdout, stderr, takenUp], [0, "one two", "", [null, "2", "2"]]);
});

Deno.test("codebeaker executions follow --json prints every event as a line", async () => {
  const completed = fakeExecution({ outcome: { kind: "signaled", signal: "SIGTERM" }, exitCode: null });
  const { code, stdout } = await runHere(
    [...FOLLOW, "--json"],
    serving({ events: [STARTED, ["completed", completed]] }),
  );
  assertEquals(code, 143);
  assertEquals(stdout.trim().split("\n").map((line) => JSON.parse(line)), [
    { id: "1", event: "started", data: { id: "exec_1", runtime: "one" } },
    { id: "2", event: "completed", data: completed },
  ]);
});

Deno.test("codebeaker executions follow says why an execution could not be run, or followed", async () => {
  const problem = { code: "runtime_unavailable", detail: "It was lost" };
  const failed = serving({ events: [STARTED, ["error", problem]] });
  assertEquals(await runHere(FOLLOW, failed), { code: 1, stdout: "", stderr: "codebeaker: It was lost\n" });
  assertEquals(failed.takenUp.length, 1);
  const refused = await runHere(FOLLOW, serving());
  assertEquals([refused.code, refused.stderr.includes('start one with "codebeaker serve"')], [1, true]);
  const unreadable = await runHere(FOLLOW, serving({ events: [STARTED, ["stdout", { txt: "one" }]] }));
  assertEquals(unreadable, {
    code: 1,
    stdout: "",
    stderr: "codebeaker: Cannot read an event as the service gives it another form: stdout\n",
  });
});

Deno.test("codebeaker executions follow names --url where the answer is no stream of events", async () => {
  const fetch = () => Promise.resolve(new Response("<html>", { headers: { "content-type": "text/html" } }));
  const { code, stderr } = await runHere(FOLLOW, { fetch });
  assertEquals(code, 1);
  assertStringIncludes(stderr, "Cannot read the answer as it is not one of CodeBeaker: check --url: ");
});
