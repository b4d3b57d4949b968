import { assertEquals } from "@std/assert";
import { constants } from "node:os";
import { unwrapStatus } from "../../../src/sandbox/launchers/wrapped_status.ts";

Deno.test("unwrapStatus() tells a signal by the exit code of a wrapper that waited", () => {
  const table = { 129: "SIGHUP", 134: "SIGABRT", 137: "SIGKILL", 139: "SIGSEGV", 143: "SIGTERM", 152: "SIGXCPU" };
  for (const [code, signal] of Object.entries(table)) {
    assertEquals(unwrapStatus({ success: false, code: Number(code), signal: null }), {
      success: false,
      code: Number(code),
      signal: signal as Deno.Signal,
    });
  }
});

Deno.test("unwrapStatus() knows every signal of this platform", () => {
  const numbers = new Map<string, number>(Object.entries(constants.signals));
  for (const number of new Set(numbers.values())) {
    const { signal } = unwrapStatus({ success: false, code: 128 + number, signal: null });
    assertEquals([number, numbers.get(signal ?? "")], [number, number]);
  }
});

Deno.test("unwrapStatus() leaves any other ending as it is, that of the wrapper itself too", () => {
  for (const code of [0, 1, 42, 127, 128, 128 + 100, 255]) {
    const status = { success: code === 0, code, signal: null };
    assertEquals(unwrapStatus(status), status);
  }
  const killed = { success: false, code: 137, signal: "SIGTERM" } as const;
  assertEquals(unwrapStatus(killed), killed);
});
