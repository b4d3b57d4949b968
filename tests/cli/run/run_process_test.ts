import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { create as createDenoRuntime } from "../../../src/runtimes/deno/mod.ts";
import { runAlone, runHere, startCommandLine } from "../../support/cli.ts";
import { isPresent, testedAvailability } from "../../support/requirements.ts";
import { replaceFile } from "../../support/replace_file.ts";
import { DENO_ALONE } from "../../support/variables.ts";
import { openRuntimeHost } from "../../support/runtime_host.ts";

await using host = await openRuntimeHost();
if (isPresent("deno", await testedAvailability(createDenoRuntime(host)))) {
  Deno.test("codebeaker run --eval runs the code itself, with every operand as an argument", async () => {
    const code = "console.log(Deno.args.join(), await new Response(Deno.stdin.readable).text()); Deno.exit(4)";
    assertEquals(await runAlone(["run", "-e", code, "a", "-x"], { env: DENO_ALONE, stdin: "you" }), {
      code: 4,
      stdout: "a,-x you\n",
      stderr: "",
    });
    const common = await runAlone([
      "run",
      "--language",
      "javascript",
      "--eval",
      'console.log(typeof require("fs"))',
    ], { env: DENO_ALONE });
    assertEquals(common.stdout, "object\n");
  });

  Deno.test("codebeaker run --json prints the execution, and nothing else", async () => {
    const code =
      'console.log("out"); console.error("err"); await fetch("http://a.example").catch(() => {}); Deno.exit(3)';
    const { code: exitCode, stdout, stderr } = await runAlone(["run", "--json", "-e", code], { env: DENO_ALONE });
    const answer = JSON.parse(stdout);
    assertEquals([exitCode, stderr, answer.stdout, answer.stderr], [3, "", "out\n", "err\n"]);
    assertEquals([answer.status, answer.outcome], ["ended", { kind: "exited", exitCode: 3 }]);
    assertEquals([answer.denials[0].target, answer.selection], ["a.example:80", undefined]);
    const explained = await runAlone(["run", "--json", "--explain", "-e", "1"], { env: DENO_ALONE });
    assertEquals([explained.stderr, JSON.parse(explained.stdout).selection.chosen], ["", "deno"]);
  });

  Deno.test("codebeaker run says on stderr what a program was denied, and what would allow it", async () => {
    const { code, stdout, stderr } = await runAlone([
      "run",
      "-e",
      'await fetch("http://a.example").catch(() => {})',
    ], { env: DENO_ALONE });
    assertEquals([code, stdout], [0, ""]);
    assertMatch(stderr, /^codebeaker: denied: net a\.example:80 at main\.ts:1:7 \(.*allowNet.*\)\n$/);
  });

  Deno.test("codebeaker run --watch runs again at a change, also during a run, and ends cleanly at Ctrl-C", async () => {
    const directory = await Deno.makeTempDir();
    const file = `${directory}/main.ts`;
    await Deno.writeTextFile(file, 'console.log("first"); setInterval(() => {}, 1000)');
    await using child = await startCommandLine(["run", "--watch", "--scratch", directory, file]);
    await child.printed("first\n");
    await replaceFile(file, 'console.log("second"); Deno.exit(3)');
    await child.printed("second\n");
    await child.reported(`codebeaker: exit code 3; waiting for a change of ${file}\n`);
    await replaceFile(file, 'console.log("the third"); setInterval(() => {}, 1000)');
    await child.printed("the third\n");
    child.kill("SIGINT");
    const { code, stdout, stderr } = await child.ended;
    assertEquals([code, stdout], [130, "first\nsecond\nthe third\n"]);
    assertEquals(stderr, `codebeaker: exit code 3; waiting for a change of ${file}\n`);
    assertEquals((await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name), ["main.ts"]);
    await Deno.remove(directory, { recursive: true });
  });
}

Deno.test("codebeaker run says what is missing, and exits with 2", async () => {
  const table: [string[], string][] = [
    [["run"], "none is given"],
    [["run", "--watch", "-"], "without a file"],
    [["run", "--watch", "-e", "1"], "without a file"],
    [["run", "--watch", "/nope.ts"], "/nope.ts"],
    [["run", "-e"], "argument missing"],
    [["run", "-e", "1", "-x"], "unknown option '-x'"],
  ];
  for (const [args, hint] of table) {
    const { code, stdout, stderr } = await runHere(args);
    assertEquals([args, code, stdout], [args, 2, ""]);
    assertStringIncludes(stderr, hint);
  }
});
