import { assertEquals, assertStringIncludes } from "@std/assert";
import { MAX_CODE_BYTES } from "../../src/core/requests/content.ts";
import { FakeEnvironment, fakeProgram } from "../support/fake_environment.ts";
import { askToRun, assertFieldsRefused, assertRefused, LIMITS_GIVEN } from "./ask.ts";

const BASE = { type: "execute_code", code: "1" };

Deno.test("execute_code writes its code to the main file and runs that, with nothing else unless told", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "main.ts": "older and longer", "kept.txt": "kept" });
  const { program, options, result } = await askToRun(environment, { command: { ...BASE, code: "grüße()" } });
  assertEquals(program, { kind: "file", path: "main.ts", args: [] });
  assertEquals(options, { env: {}, limits: LIMITS_GIVEN });
  assertEquals(await Deno.readTextFile(environment.hostPath("main.ts")), "grüße()");
  assertEquals(await environment.paths(), ["kept.txt", "main.ts"]);
  assertEquals([result.outcome, result.exitCode, result.stdout], [{ kind: "exited", exitCode: 0 }, 0, ""]);
});

Deno.test("execute_code takes code in base64", async () => {
  await using environment = await FakeEnvironment.create();
  await askToRun(environment, { command: { ...BASE, code: "AP8=", encoding: "base64" } });
  assertEquals(await Deno.readFile(environment.hostPath("main.ts")), new Uint8Array([0, 255]));
  await assertRefused(environment, { command: { ...BASE, code: "*", encoding: "base64" }, code: "invalid_request" });
});

Deno.test("execute_code takes its main file from the language, by any of its names", async () => {
  await using environment = await FakeEnvironment.create();
  const table = [["typescript", "main.ts"], ["js", "main.js"], ["PY", "main.py"]] as const;
  for (const [language, path] of table) {
    const { program } = await askToRun(environment, { command: { ...BASE, language, code: language } });
    assertEquals(program, { kind: "file", path, args: [] });
    assertEquals(await Deno.readTextFile(environment.hostPath(path)), language);
  }
});

Deno.test("execute_code writes and runs nothing in a language that the environment does not run", async () => {
  await using environment = await FakeEnvironment.create();
  await assertRefused(environment, { command: { ...BASE, language: "cobol" }, code: "unsupported_language" });
  assertEquals([environment.runs.length, await environment.paths()], [0, []]);
});

Deno.test("execute_code passes args as they are", async () => {
  await using environment = await FakeEnvironment.create();
  const args = ["--allow-all", "a b", "", "ü"];
  const { program } = await askToRun(environment, { command: { ...BASE, args } });
  assertEquals(program, { kind: "file", path: "main.ts", args });
});

Deno.test("execute_code feeds stdin", async () => {
  await using environment = await FakeEnvironment.create();
  assertEquals((await askToRun(environment, { command: { ...BASE, stdin: "fed\n" } })).result.stdout, "fed\n");
});

Deno.test("execute_code lowers the time by timeoutMs, or by timeout in seconds, and never raises it", async () => {
  await using environment = await FakeEnvironment.create();
  const table: [Record<string, number>, number][] = [
    [{ timeoutMs: 1 }, 1],
    [{ timeoutMs: 4_999 }, 4_999],
    [{ timeoutMs: 300_000 }, 5_000],
    [{ timeout: 2 }, 2_000],
    [{ timeout: 0.5 }, 500],
    [{ timeout: 0.0001 }, 1],
    [{ timeout: 300 }, 5_000],
  ];
  for (const [fields, timeoutMs] of table) {
    const { options } = await askToRun(environment, { command: { ...BASE, ...fields } });
    assertEquals([fields, options.limits], [fields, { ...LIMITS_GIVEN, timeoutMs }]);
  }
});

Deno.test("execute_code refuses timeoutMs and timeout together, even when they agree, and writes nothing", async () => {
  await using environment = await FakeEnvironment.create();
  const command = { ...BASE, timeoutMs: 1_000, timeout: 1 };
  const error = await assertRefused(environment, { command, code: "invalid_request", field: "timeout" });
  assertStringIncludes(error.message, "timeoutMs");
  assertEquals([environment.runs.length, await environment.paths()], [0, []]);
});

Deno.test("execute_code passes its caller's signal and shows what is printed", async () => {
  await using environment = await FakeEnvironment.create();
  const { signal } = new AbortController();
  const printed: string[] = [];
  const { options } = await askToRun(environment, {
    command: { ...BASE, stdin: "seen" },
    context: { signal, onOutput: ({ bytes }) => void printed.push(new TextDecoder().decode(bytes)) },
  });
  assertEquals([options.signal === signal, printed], [true, ["seen"]]);
});

Deno.test("execute_code answers with a failed program as with any other", async () => {
  const outcome = Promise.resolve({ kind: "exited", exitCode: 3 } as const);
  await using environment = await FakeEnvironment.create(() => fakeProgram({ outcome }));
  const { result } = await askToRun(environment, { command: BASE });
  assertEquals([result.outcome, result.exitCode], [{ kind: "exited", exitCode: 3 }, 3]);
});

Deno.test("execute_code counts its code in bytes and refuses what is over the limit", async () => {
  await using environment = await FakeEnvironment.create();
  const code = "ü".repeat(MAX_CODE_BYTES / 2);
  await assertRefused(environment, { command: { ...BASE, code: `${code}!` }, code: "too_large", field: "code" });
  assertEquals([environment.runs.length, await environment.paths()], [0, []]);
  await askToRun(environment, { command: { ...BASE, code } });
});

Deno.test("execute_code runs empty code, and refuses fields that are off", async () => {
  await using environment = await FakeEnvironment.create();
  await askToRun(environment, { command: { ...BASE, code: "" } });
  await assertFieldsRefused(environment, {
    base: BASE,
    table: [
      [{ code: undefined }, "code"],
      [{ code: 1 }, "code"],
      [{ language: "" }, "language"],
      [{ language: "x".repeat(65) }, "language"],
      [{ args: "a" }, "args"],
      [{ args: ["a", 1] }, "args[1]"],
      [{ args: ["a\0b"] }, "args[0]"],
      [{ stdin: null }, "stdin"],
      [{ timeoutMs: 0 }, "timeoutMs"],
      [{ timeoutMs: 1.5 }, "timeoutMs"],
      [{ timeoutMs: 3_600_001 }, "timeoutMs"],
      [{ timeoutMs: "10" }, "timeoutMs"],
      [{ timeout: 0 }, "timeout"],
      [{ timeout: -1 }, "timeout"],
      [{ timeout: 300.1 }, "timeout"],
      [{ timeout: "1" }, "timeout"],
      [{ env: {} }, "env"],
    ],
  });
  assertEquals(environment.runs.length, 1);
});
