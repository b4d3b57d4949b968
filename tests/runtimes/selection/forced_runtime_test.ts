import { assertEquals, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import type { Needs } from "../../../src/core/needs.ts";
import { parseSelectionRequest } from "../../../src/core/requests/selection_request.ts";
import { checkForced } from "../../../src/runtimes/selection/forced_runtime.ts";
import { RuntimeSelector } from "../../../src/runtimes/selection/selector.ts";
import { fakeRuntime, type FakeRuntimeOptions } from "../../support/fake_runtime.ts";

const NEEDS: Needs = {
  known: false,
  reason: "it makes code",
  uses: [{ kind: "global", name: "require", file: "main.js", line: 1, certain: true }],
};
const NOTHING = () => false;

/** Why a forced runtime that has nothing of what a program needs is rejected; undefined where it is chosen. */
async function rejectionOf(options: FakeRuntimeOptions, fields: Record<string, unknown> = {}) {
  const forced = fakeRuntime({ name: "forced", surface: { isWhole: false, has: NOTHING }, ...options });
  const selector = new RuntimeSelector([forced, fakeRuntime({ name: "other" })], { minIsolation: 7 });
  const request = parseSelectionRequest({ language: "javascript", runtime: "forced", ...fields });
  const { selection: { candidates } } = await selector.rank(request, { needs: NEEDS });
  return candidates.find(({ runtime }) => runtime === "forced")?.rejectedBecause?.code;
}

Deno.test("rank() lets a forced runtime run a program whatever that needs", async () => {
  assertEquals(await rejectionOf({}), undefined);
  const isForeign = () => true;
  assertEquals(await rejectionOf({ surface: { isWhole: true, has: NOTHING, isForeign } }), undefined);
  assertEquals(await rejectionOf({}, { runtime: undefined }), "missing_capability");
});

Deno.test("rank() holds a forced runtime to the floor, permissions, limits, memory and availability", async () => {
  assertEquals([
    await rejectionOf({ isolationLevel: 6 }),
    await rejectionOf({}, { minIsolation: 8 }),
    await rejectionOf({ cannotHonour: "it cannot keep that promise" }),
    await rejectionOf({ limits: ["timeoutMs"] }, { limits: { diskMb: 5 } }),
    await rejectionOf({ unavailableBecause: "not installed" }),
    await rejectionOf({ lackOf: () => ({ detail: "no arguments", fields: ["args"] }) }),
  ], [
    "below_isolation_floor",
    "below_isolation_floor",
    "cannot_honour_permissions",
    "cannot_enforce_limits",
    "unavailable",
    "missing_capability",
  ]);
});

Deno.test("checkForced() names the languages of a runtime that does not run the request's", () => {
  const runtimes = [
    fakeRuntime({ name: "node", environments: ["node", "javascript"] }),
    fakeRuntime({ name: "native", environments: ["python"] }),
    fakeRuntime({ name: "box", environments: ["python"] }),
  ];
  const said = (language: string, runtime: string) =>
    assertThrows(() => checkForced({ language, runtime }, runtimes), CodeBeakerError).message;
  assertEquals([
    said("python", "node"),
    said("python", "python3"),
    said("node", "nodejs"),
    said("node", "natve"),
  ], [
    "The runtime node runs node, javascript: name one of these in language, or another runtime (native, box) for python",
    'A language is not a runtime: name it in language and omit runtime, or force a runtime that has it (native, box): current value is "python3"',
    'Write runtime: "node": current value is "nodejs"',
    'Unknown runtime "natve", did you mean "native"?',
  ]);
  checkForced({ language: "cobol", runtime: "node" }, runtimes); // A language of no runtime is another error.
});
