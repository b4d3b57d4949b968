import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { LANGUAGES } from "../../../src/runtimes/native/languages/mod.ts";
import { openNative } from "./open_native.ts";
import { SHORT_PROGRAMS } from "./short_programs.ts";

// What differs by a row of a table gets one program of its own; the promises of the runtime have their suite, before which the
// whole self-test runs in its languages. Of the others' it runs here what depends on the row.

const native = await openNative();
Deno.test.afterAll(async () => await native[Symbol.asyncDispose]());

for (const [language, { broken, code, files = {}, line }] of Object.entries(SHORT_PROGRAMS)) {
  if (!await native.isPresent(language)) continue;

  Deno.test(`[native] ${language}: a program is given stdin, arguments, variables and files, and its exit code is told`, async () => {
    const { outcome, remains, stdout, usage } = await native.run(language, {
      code,
      files: { ...files, "data.txt": "a file" },
      args: ["one two", "three"],
      env: { GIVEN: "a variable" },
      stdin: "some input",
    });
    assertEquals(stdout, "one two|three\na variable\na file\nsome input\n");
    assertEquals(outcome, { kind: "exited", exitCode: 7 });
    assertEquals(remains, []);
    // Programs that take more than is declared would never count as measurements of their runtime.
    assert((usage.peakMemoryBytes ?? 0) <= native.declaredBytes(language), `it takes ${usage.peakMemoryBytes} bytes`);
  });

  Deno.test(`[native] ${language}: its self-test finds how its programs end without memory, and no variable of the service`, async () => {
    const hasOwnVariables = LANGUAGES[language]?.ownVariableNames !== undefined;
    const findings = await native.test(language, ["memory", ...(hasOwnVariables ? ["environment"] : [])]);
    assertEquals(findings.filter(({ kept }) => !kept), []);
    assertEquals(findings.length, hasOwnVariables ? 2 : 1);
  });

  if (line !== undefined) {
    Deno.test(`[native] ${language}: its own tools work on a command line`, async () => {
      const { outcome, stderr, stdout } = await native.run(language, { code, line });
      assertEquals({ outcome, stderr, stdout }, { outcome: { kind: "exited", exitCode: 0 }, stderr: "", stdout: "42" });
    });
  }

  if (broken !== undefined) {
    Deno.test(`[native] ${language}: what the compiler refuses is told with the name of the client's file`, async () => {
      const { compile, mainFile, outcome, remains, stdout } = await native.run(language, { code: broken });
      assertEquals(stdout, "");
      assertEquals(outcome, { kind: "compile_failed", exitCode: 1 });
      assertEquals(compile?.outcome, { kind: "exited", exitCode: 1 });
      assertStringIncludes(compile?.stderr ?? "", mainFile);
      assertEquals(remains, []);
    });
  }
}
