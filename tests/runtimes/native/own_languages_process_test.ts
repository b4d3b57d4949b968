import { assertEquals, assertStringIncludes } from "@std/assert";
import { openNative } from "./open_native.ts";

const run = ["{binary}", "-f", "{file}"];
const native = await openNative({
  settings: {
    native: {
      nativeLanguages: {
        awk: { binary: "awk", file: "main.awk", run, env: { GIVEN: "by the operator" } },
        hanging: { binary: "tail", file: "main.txt", run },
        missing: { binary: "no-such-binary", file: "main.txt", run },
        lua: { binary: "false" },
      },
    },
  },
});
Deno.test.afterAll(async () => await native[Symbol.asyncDispose]());
const isConfined = await native.isPresent("bash");

Deno.test({
  name: "[native] a language of the operator runs as those that are built in",
  ignore: !isConfined,
  fn: async () => {
    assertEquals(await native.availability("awk"), { available: true });
    const code = 'BEGIN { print ENVIRON["GIVEN"], ARGV[1]; exit 7 }';
    const { mainFile, outcome, stdout } = await native.run("awk", { code, args: ["an argument"] });
    assertEquals(mainFile, "main.awk");
    assertEquals(stdout, "by the operator an argument\n");
    assertEquals(outcome, { kind: "exited", exitCode: 7 });
  },
});

Deno.test({
  name:
    "[native] a binary that is missing, hangs or does not speak its language is unavailable, with its setting as the remedy",
  ignore: !isConfined,
  fn: async () => {
    const table = {
      missing: "no-such-binary is not on this machine",
      hanging: "its honest program had not ended after 1500 ms",
      lua: "false does not run an honest program here",
    };
    for (const [language, reason] of Object.entries(table)) {
      const answer = await native.firstAnswer(language);
      assertStringIncludes(answer.available ? "" : answer.reason, reason);
      assertStringIncludes(answer.available ? "" : answer.remedy ?? "", "name another binary (--native-languages)");
    }
  },
});
