import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { parseExecutionRequest } from "../../src/core/requests/execution_request.ts";
import { parseSelectionRequest } from "../../src/core/requests/selection_request.ts";
import type { RuntimeConfig } from "../../src/runtimes/port.ts";
import { CALLER, engineOf } from "../support/engine_of.ts";
import { fakeRuntime } from "../support/fake_runtime.ts";

const bare = fakeRuntime({
  name: "bare",
  environments: ["python", "typescript"],
  startupTimeMs: 1,
  surface: { isWhole: true, has: ({ name }) => name === "json" },
});
const rich = fakeRuntime({
  name: "rich",
  environments: ["python"],
  unavailableBecause: "it is lost",
  surface: { isWhole: true, has: () => true },
});
const part = fakeRuntime({
  name: "part",
  environments: ["typescript"],
  startupTimeMs: 1,
  surface: { isWhole: false, has: ({ kind }) => kind === "builtin" },
});
const whole = fakeRuntime({ name: "whole", environments: ["typescript"] });

function request(language: string, code: string, files: readonly { path: string; content: string }[] = []) {
  return parseExecutionRequest({ language, code, files });
}

Deno.test("Engine.submit() says what is missing, and where it is seen, when what has it is unavailable", async () => {
  const files = [{ path: "helper.py", content: "\nimport numpy" }];
  const denied = await assertRejects(
    () => engineOf([bare, rich]).submit(CALLER, request("python", "import json, helper", files)),
    CodeBeakerError,
  );
  assertEquals([denied.code, denied.message], [
    "runtime_unavailable",
    "Cannot run python as bare does not fit (lacks numpy (helper.py:2)) and rich is unavailable (it is lost)",
  ]);
  const { selection } = denied.details;
  assertEquals(selection?.candidates.map(({ rejectedBecause }) => rejectedBecause?.code), [
    "missing_capability",
    "unavailable",
  ]);
  assertEquals(selection?.needs?.uses.map(({ name, certain }) => [name, certain]), [["json", true], ["numpy", true]]);
});

Deno.test("Engine.select() leaves the error to the language where nothing is known to have what is missing", async () => {
  const selection = await engineOf([bare]).select(CALLER, request("python", "import numpy"));
  assertEquals([selection.chosen, selection.candidates[0]?.lacks], ["bare", "numpy (main.py:1)"]);
});

Deno.test("Engine.select() chooses by what the program needs", async () => {
  const engine = engineOf([part, whole]);
  const chosen = async (code: string) => (await engine.select(CALLER, request("typescript", code))).chosen;
  assertEquals(
    await Promise.all(["console.log(1);", 'import "node:fs";', "Deno.exit();", "eval(code);"].map(chosen)),
    ["part", "part", "whole", "whole"],
  );
});

Deno.test("Engine.select() knows no needs without a program", async () => {
  const selection = await engineOf([part, whole]).select(CALLER, parseSelectionRequest({ language: "typescript" }));
  assertEquals(selection.chosen, "whole");
  assert(!("needs" in selection));
});

Deno.test("Engine tells a runtime what the request gives its program, which the runtime may not show it", async () => {
  const lackOf = ({ inputs = [] }: RuntimeConfig) =>
    inputs.length === 0 ? undefined : { detail: `no ${inputs.join(" and no ")}`, fields: inputs };
  const engine = engineOf([fakeRuntime({ environments: ["typescript"], lackOf })]);
  const given: readonly [fields: Record<string, unknown>, detail: string | undefined][] = [
    [{ stdin: "" }, undefined],
    [{ args: ["x"] }, "no arguments"],
    [{ args: [""], stdin: "\n" }, "no arguments and no stdin"],
  ];
  for (const [fields, detail] of given) {
    const parsed = parseExecutionRequest({ language: "typescript", code: "", ...fields });
    const { candidates: [candidate] } = await engine.select(CALLER, parsed);
    assertEquals(candidate?.rejectedBecause?.detail, detail);
    const error = await assertRejects(() => engine.execute(CALLER, parsed), Error);
    if (detail !== undefined) assertStringIncludes(error.message, detail);
  }
});
