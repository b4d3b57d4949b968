import { assert, assertEquals } from "@std/assert";
import { EAGER_POOL } from "../../../support/eager_pool.ts";
import { type NativeResult, openNative } from "../open_native.ts";
import { THOROUGH_PROGRAMS } from "../thorough_programs.ts";

// An interpreter that waits for its program is seen by nothing but its speed. A cold program meets no waiter.

const native = await openNative({ pool: EAGER_POOL });
Deno.test.afterAll(async () => await native[Symbol.asyncDispose]());

/** What a client sees of a program, without its times. Where nothing mounts, a workspace has a name of its own. */
function visibleResult({ isWarm, outcome, stderr, stdout }: NativeResult) {
  const [shownError, shown] = [stderr, stdout].map((text) => text.replaceAll(/env_[0-9a-f]{32}/g, "env"));
  return { isWarm, outcome, stderr: shownError, stdout: shown };
}

for (const [language, { broken, code, files = {} }] of Object.entries(THOROUGH_PROGRAMS)) {
  if (!await native.isPresent(language)) continue;

  for (const [what, text] of Object.entries({ "shows all that it sees": code, "is broken": broken })) {
    if (text === undefined) continue;
    Deno.test(`[native] ${language}: a program that ${what} is the same warm and cold`, async () => {
      const program = { code: text, files, stdin: "\nfirst\nsecond" };
      const cold = await native.run(language, program);
      const warm = await native.run(language, { ...program, isWarm: true });
      assertEquals([cold.isWarm, visibleResult(warm)], [false, { ...visibleResult(cold), isWarm: true }]);
      assert(cold.outcome.kind === "exited" && cold.outcome.exitCode !== 0 && cold.stderr !== "");
    });
  }
}

/** Programs that kill their interpreter, of languages whose waiter is code of their own. */
const KILLING: Readonly<Record<string, string>> = {
  perl: "kill 'KILL', $$",
  ruby: "Process.kill(:KILL, $$)",
  php: "<?php shell_exec('kill -9 $PPID');",
  lua: "os.execute('kill -9 $PPID')",
  r: "tools::pskill(Sys.getpid(), 9L)",
  java: [
    "class Main { public static void main(String[] given) throws Exception {",
    '  new ProcessBuilder("kill", "-9", "" + ProcessHandle.current().pid()).start().waitFor();',
    "} }",
  ].join("\n"),
};
for (const [language, code] of Object.entries(KILLING)) {
  if (!await native.isPresent(language)) continue;
  Deno.test(`[native] ${language}: a warm program that is killed is no exit with 137`, async () => {
    const { isWarm, outcome } = await native.run(language, { code, isWarm: true });
    assertEquals({ isWarm, outcome }, { isWarm: true, outcome: { kind: "signaled", signal: "SIGKILL" } });
  });
}

/** Leaves objects to the interpreter's end: an object, a generator that has begun, a file that is not closed. */
const LEAVING = `
import importlib.metadata, json, os, typing
class Last:
    def __del__(self, print=print, dumps=json.dumps, importlib=importlib):
        if importlib.metadata: print(dumps(["released"]))
def steps():
    try: yield 1
    finally: print("closed")
def default(self, value): pass
last, typed, step = Last(), typing.List[Last], steps()
next(step)
unclosed = open(os.dup(1), "w")
unclosed.write("written\\n")
`;
for (
  const [what, rest] of [
    ["leaves objects", ""],
    ["leaves objects in json", "json.last, json.step, json.unclosed = last, step, unclosed"],
    ["leaves its variables to a class of json", "json.JSONEncoder.default = default"],
  ]
) {
  if (!await native.isPresent("python")) continue;
  Deno.test(`[native] python: a program that ${what} at its end is the same warm and cold`, async () => {
    const cold = await native.run("python", { code: LEAVING + rest });
    const warm = await native.run("python", { code: LEAVING + rest, isWarm: true });
    const withSortedLines = (result: NativeResult) => ({
      ...visibleResult(result),
      stdout: result.stdout.split("\n").sort(),
    });
    assertEquals([cold.isWarm, withSortedLines(warm)], [false, { ...withSortedLines(cold), isWarm: true }]);
    assertEquals(withSortedLines(warm).stdout, ["", '["released"]', "closed", "written"]);
  });
}
