import { assertEquals } from "@std/assert";
import { parseEvent } from "../../../../../src/server/console/page/api/events.ts";
import { advance, IDLE, recorded, type RunState } from "../../../../../src/server/console/page/api/run_state.ts";
import { CLEAR_OUTPUT_TYPE } from "../../../../../src/core/cell.ts";
import { fakeExecution } from "../../../../support/fake_ports.ts";

function output(stream: "stdout" | "stderr", text: string) {
  return { kind: "output", stream, text } as const;
}

function follow(...events: Parameters<typeof advance>[1][]): RunState {
  return events.reduce(advance, IDLE);
}

Deno.test("advance() keeps both streams in the order of their events", () => {
  const state = follow(
    { kind: "started", id: "exec_1", runtime: "some" },
    output("stdout", "a"),
    output("stdout", "b"),
    output("stderr", "c"),
    output("stdout", "d"),
  );
  assertEquals([state.phase, state.id, state.runtime], ["running", "exec_1", "some"]);
  assertEquals(state.pieces.map(({ stream, text }) => [stream, text]), [
    ["stdout", "ab"],
    ["stderr", "c"],
    ["stdout", "d"],
  ]);
  const execution = fakeExecution({ stdout: "abd", stderr: "c" });
  const ended = advance(state, { kind: "completed", execution });
  assertEquals([ended.phase, ended.pieces, ended.execution], ["ended", state.pieces, execution]);
});

Deno.test("advance() leaves out the earliest output beyond its bound", () => {
  const state = follow(
    output("stdout", "early"),
    output("stderr", "x".repeat(262_100)),
    output("stdout", "y".repeat(60)),
  );
  assertEquals(state.isShortened, true);
  assertEquals(state.pieces.map(({ stream, text }) => [stream, text.length]), [["stderr", 262_084], ["stdout", 60]]);
  const busy = follow(...Array.from({ length: 2_001 }, (_, index) => output(index % 2 ? "stdout" : "stderr", "x")));
  assertEquals([busy.pieces.length, busy.isShortened], [2_000, true]);
});

Deno.test("advance() clears what a cell has shown, at once or when it shows the next thing", () => {
  const clear = (wait: boolean) => ({ kind: "display", data: { [CLEAR_OUTPUT_TYPE]: { wait } } }) as const;
  const display = { kind: "display", data: { "text/plain": "1" } } as const;
  const shown = (state: RunState) => [state.pieces.map(({ text }) => text).join(""), state.displays.length];
  assertEquals(shown(follow(output("stdout", "a"), display, clear(false))), ["", 0]);
  assertEquals(shown(follow(output("stdout", "a"), display, clear(true))), ["a", 1]);
  assertEquals(shown(follow(output("stdout", "a"), display, clear(true), output("stdout", "b"))), ["b", 0]);
  const displays = [display.data, clear(true).data, display.data];
  const execution = fakeExecution({ stdout: "a", displays });
  const state = follow(output("stdout", "a"), display, clear(true), display, { kind: "completed", execution });
  assertEquals(shown(state), ["", 1]);
});

Deno.test("recorded() shows what a record has kept", () => {
  const state = recorded(fakeExecution({ stdout: "out", stderr: "" }));
  assertEquals([state.phase, state.pieces], ["ended", [{ stream: "stdout", text: "out" }]]);
});

Deno.test("parseEvent() reads every event of the wire, and skips unknown ones", () => {
  assertEquals(parseEvent("stdout", '{"text":"a"}'), { kind: "output", stream: "stdout", text: "a" });
  assertEquals(parseEvent("started", '{"id":"exec_1","runtime":"some"}'), {
    kind: "started",
    id: "exec_1",
    runtime: "some",
  });
  assertEquals(parseEvent("display", '{"data":{"text/plain":"a"}}'), { kind: "display", data: { "text/plain": "a" } });
  assertEquals(parseEvent("dropped", '{"stdout":1,"stderr":0,"displays":0}')?.kind, "dropped");
  assertEquals(parseEvent("error", '{"code":"busy"}')?.kind, "failed");
  assertEquals(parseEvent("later", "{}"), undefined);
});
