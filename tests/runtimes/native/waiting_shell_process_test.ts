import { assertEquals } from "@std/assert";
import { EAGER_POOL } from "../../support/eager_pool.ts";
import { openNative } from "./open_native.ts";

// A shell waits for what has no waiter of its own: an interpreter, or the compiler of a program.

const native = await openNative({ pool: EAGER_POOL });
Deno.test.afterAll(async () => await native[Symbol.asyncDispose]());

const C = [
  "#include <stdio.h>",
  "#include <stdlib.h>",
  'int main(void) { for (int c; (c = getchar()) != EOF;) putchar(c); return atoi(getenv("CODE")); }',
].join("\n");

for (const [language, code] of Object.entries({ sh: "cat; exit $CODE", c: C })) {
  if (!await native.isPresent(language)) continue;

  Deno.test(`[native] ${language}: a program that begins warm has all of its stdin, and any exit code`, async () => {
    for (const exitCode of [0, 7, 137, 200]) {
      const { isWarm, outcome, remains, stderr, stdout } = await native.run(language, {
        code,
        stdin: "\nfirst\nsecond",
        env: { CODE: String(exitCode) },
        isWarm: true,
      });
      assertEquals({ isWarm, stderr, stdout }, { isWarm: true, stderr: "", stdout: "\nfirst\nsecond" });
      assertEquals(outcome, { kind: "exited", exitCode });
      assertEquals(remains, []);
    }
  });
}

Deno.test({
  name: "[native] what a warm compiler refuses is told, and nothing of it is left",
  ignore: !await native.isPresent("c"),
  fn: async () => {
    const { compile, isWarm, outcome, remains } = await native.run("c", { code: "int main(void)", isWarm: true });
    assertEquals({ isWarm, outcome }, { isWarm: true, outcome: { kind: "compile_failed", exitCode: 1 } });
    assertEquals(compile?.outcome, { kind: "exited", exitCode: 1 });
    assertEquals(remains, []);
  },
});
