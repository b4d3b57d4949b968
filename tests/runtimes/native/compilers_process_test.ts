import { existsSync } from "node:fs";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { runProgram } from "../../../src/commands/mod.ts";
import { COMPILER_LIMITS, DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import type { SharedBuild } from "../../../src/runtimes/port.ts";
import { openNative } from "./open_native.ts";

// A compiler runs code of the client's too: it is confined and bounded as its program, and leaves nothing.

const native = await openNative();
Deno.test.afterAll(async () => await native[Symbol.asyncDispose]());

/** Keeps a compiler busy for longer than any test takes: a string that doubles with each macro. */
const BOMB = [
  '#define M0 "xxxxxxxx"',
  ...Array.from({ length: 24 }, (_, n) => `#define M${n + 1} M${n} M${n}`),
  "const char *text = M24;",
  "int main(void) { return 0; }",
].join("\n");

const isThere = await native.isPresent("c");

function test(title: string, run: () => Promise<void>): void {
  if (isThere) Deno.test(`[native] ${title}`, run);
}

test("a compiler that takes more memory than any may is ended, whatever its program may have", async () => {
  const { compile, outcome, remains } = await native.run("c", { code: BOMB, limits: { memoryMb: 32 } });
  assertEquals(outcome.kind === "memory_limit" && outcome.limitMb, COMPILER_LIMITS.memoryMb);
  assertEquals(compile?.outcome, outcome);
  assertEquals(remains, []);
});

test("a compiler has less time where its request asks for it", async () => {
  const { compile, outcome, remains } = await native.run("c", { code: BOMB, compileMs: 20 });
  assertEquals([outcome, compile?.outcome], [{ kind: "timed_out", limitMs: 20 }, outcome]);
  assertEquals(remains, []);
});

test("a compiler that writes more than the disk limit is ended", async () => {
  const code = "char big[1 << 28] = {1};\nint main(void) { return big[1]; }";
  const { compile, outcome, remains } = await native.run("c", { code });
  // It ends itself where it finds no room, and takes its files along; else it is ended.
  if (outcome.kind === "compile_failed") assertStringIncludes(compile?.stderr ?? "", "No space left on device");
  else assertEquals([outcome.kind, compile?.outcome], ["disk_limit", outcome]);
  assertEquals(remains, []);
});

test("a compiler that floods is ended at the limit on output, and what is kept is bounded", async () => {
  const code = "#warning a long line of a flood\n".repeat(20_000);
  const limits = { maxOutputBytes: 1_000, maxTotalOutputBytes: 100_000 };
  const { compile, outcome, remains } = await native.run("c", { code, limits });
  assertEquals(outcome.kind, "output_limit");
  assertStringIncludes(compile?.stderr ?? "", "/workspace/main.c:1:2");
  assertEquals((compile?.stderr.length ?? 0) < 1_200, true);
  assertEquals((compile?.truncated?.stderr ?? 0) > 0, true);
  assertEquals(remains, []);
});

test("the CPU time of a compiler is told beside that of its program", async () => {
  const { compile, outcome, remains } = await native.run("c", { code: "int main(void) { return 0; }" });
  assertEquals([outcome, compile?.outcome], [{ kind: "exited", exitCode: 0 }, { kind: "exited", exitCode: 0 }]);
  assertEquals((compile?.cpuMs ?? 0) > 0, true);
  assertEquals(remains, []);
});

test("a program is cancelled while it is compiled", async () => {
  const cancelling = new AbortController();
  const ran = native.run("c", { code: BOMB, signal: cancelling.signal });
  cancelling.abort();
  const { compile, outcome, remains } = await ran;
  assertEquals(outcome, { kind: "cancelled" });
  assertEquals(compile?.outcome, outcome);
  assertEquals(remains, []);
});

test("an end by a signal is told of a compiled program", async () => {
  const { outcome } = await native.run("c", { code: "#include <stdlib.h>\nint main(void) { abort(); }" });
  assertEquals(outcome, { kind: "signaled", signal: "SIGABRT" });
});

test("a shared build compiles once, with every source and the compiler's arguments, and is removed by its owner", async () => {
  await using environment = await native.open("c");
  const write = (path: string, text: string) => environment.files.write(path, new TextEncoder().encode(text));
  await write("main.c", '#include <stdio.h>\nint other(void);\nint main(void) { printf("%d", other() + ADDED); }');
  await write("other.c", "int other(void) { return 40; }");
  const build: SharedBuild = {};
  const program = {
    kind: "file",
    path: "main.c",
    args: [],
    sources: ["main.c", "other.c", "notes.txt"],
    compileArgs: ["-DADDED=2"],
    build,
  } as const;
  const limits = { ...DEFAULT_LIMITS, timeoutMs: 60_000 };
  const first = await runProgram(environment, program, { limits });
  await environment.files.delete("main.c");
  const second = await runProgram(environment, program, { limits });
  assertEquals([first.stdout, second.stdout], ["42", "42"]);
  const output = build.made?.output ?? "";
  assertEquals(existsSync(output), true);
  await build.made?.remove();
  assertEquals(existsSync(output), false);
});

if (await native.isPresent("java")) {
  Deno.test("[native] java: all files are compiled together, and the main file's class with a main method begins", async () => {
    await using environment = await native.open("java");
    const write = (path: string, text: string) => environment.files.write(path, new TextEncoder().encode(text));
    await write(
      "app/start.java",
      "package app; class Other {} public class Program { public static void main(String[] a) { System.out.print(a[0] + lib.Util.VALUE); } }",
    );
    await write("lib/Util.java", "package lib; public class Util { public static final int VALUE = 42; }");
    const sources = ["app/start.java", "lib/Util.java"];
    const program = { kind: "file", path: "app/start.java", args: ["@"], sources } as const;
    const ran = await runProgram(environment, program, { limits: { ...DEFAULT_LIMITS, timeoutMs: 60_000 } });
    assertEquals([ran.stdout, ran.stderr, ran.compile?.outcome], ["@42", "", { kind: "exited", exitCode: 0 }]);
  });

  Deno.test("[native] java: a program that does not compile ends as compile_failed, and javac says why", async () => {
    const { compile, outcome, remains } = await native.run("java", { code: "class A { int x = }" });
    assertEquals([outcome, remains], [{ kind: "compile_failed", exitCode: 1 }, []]);
    assertStringIncludes(compile?.stderr ?? "", "main.java:1: error: illegal start of expression");
  });
}
