import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { runProgram } from "../../../src/commands/mod.ts";
import { COMPILER_LIMITS, DEFAULT_LIMITS, type Limits } from "../../../src/core/limits.ts";
import { create } from "../../../src/runtimes/wasm/mod.ts";
import { encodeTar } from "../../../src/workspace/archive/tar.ts";
import { configureEnvironment } from "../../support/configure_environment.ts";
import { isPresent, testedAvailability } from "../../support/requirements.ts";
import { openRuntime } from "../../support/runtime_host.ts";
import { SHORT_PROGRAMS } from "../native/short_programs.ts";

// What is C's own of the runtime: its compiler, which runs code of the client's too, and the library of its programs.

const { host, runtime } = await openRuntime(create);
const ignore = !isPresent("wasm/c", await testedAvailability(runtime, "c"));

/** How a program runs. */
interface Options {
  readonly files?: Readonly<Record<string, string>>;
  /** Symlinks in the workspace, by their paths. */
  readonly links?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly limits?: Partial<Limits>;
  readonly signal?: AbortSignal;
  readonly path?: string;
}

/** Runs a program, and gives what came of it and what its compiler left beside the workspace. */
async function run(
  code: string,
  { args = [], env = {}, files = {}, links, path = "main.c", ...options }: Options = {},
) {
  await using environment = await runtime.createEnvironment(configureEnvironment("c"));
  for (const [name, text] of Object.entries({ ...files, [path]: code })) {
    await environment.files.write(name, new TextEncoder().encode(text));
  }
  if (links !== undefined) await environment.files.unpack(encodeTar(symlinks(links)));
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const result = await runProgram(environment, { kind: "file", path, args }, { ...options, env, limits });
  const names = [...Deno.readDirSync(join(host.scratchDirectory ?? "", environment.id))].map(({ name }) => name);
  return { ...result, remains: names.filter((name) => name.startsWith("build")) };
}

async function* symlinks(links: Readonly<Record<string, string>>) {
  for (const [path, target] of Object.entries(links)) {
    yield { path, type: "symlink", target, mode: 0o777, modifiedMs: 0 } as const;
  }
}

function test(title: string, act: () => Promise<void>): void {
  Deno.test({ name: `[wasm] c: ${title}`, ignore, fn: act });
}

test("a program of several files is given stdin, arguments, variables and files, and its exit code is told", async () => {
  const { code = "", files } = SHORT_PROGRAMS.c ?? {};
  const { compile, outcome, remains, stdout } = await run(code, {
    files: { ...files, "data.txt": "a file" },
    args: ["one two", "three"],
    env: { GIVEN: "a variable" },
    stdin: "some input",
  });
  assertEquals(stdout, "one two|three\na variable\na file\nsome input\n");
  assertEquals([compile?.outcome, outcome], [{ kind: "exited", exitCode: 0 }, { kind: "exited", exitCode: 7 }]);
  assert((compile?.cpuMs ?? 0) > 0);
  assertEquals(remains, []);
});

test("what the compiler and the linker refuse is told with the client's own names, and nothing runs", async () => {
  for (
    const [code, words] of [
      [
        "int main(void) { return missing; }",
        "/workspace/sub/own.c:1:25: error: use of undeclared identifier 'missing'",
      ],
      ["int other(void);\nint main(void) { return other(); }", "undefined symbol: other"],
    ]
  ) {
    const { compile, outcome, remains, stdout } = await run(code ?? "", { path: "sub/own.c" });
    assertStringIncludes(compile?.stderr ?? "", words ?? "");
    assertEquals(compile?.outcome, { kind: "exited", exitCode: 1 });
    assertEquals([outcome, stdout, remains], [{ kind: "compile_failed", exitCode: 1 }, "", []]);
  }
});

/** Programs that use more of C's library than others, by what they show. Each prints "as it must". */
const PROGRAMS: Readonly<Record<string, string>> = {
  "signals, jumps, clocks and numbers of every size": `
#include <assert.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
static jmp_buf place;
static volatile sig_atomic_t seen;
static void see(int number) { seen = number; }
static int deep(int n) { char room[1000]; memset(room, n, sizeof room); return n == 0 ? 0 : 1 + deep(n - 1) + room[9] * 0; }
int main(void) {
  signal(SIGUSR1, see);
  raise(SIGUSR1);
  assert(seen == SIGUSR1);
  volatile int times = 0;
  if (setjmp(place) < 3) longjmp(place, ++times);
  assert(times == 3);
  char text[64];
  snprintf(text, sizeof text, "%.3Lf %.2e %lld", 2.5L, sqrt(2), 1LL << 60);
  assert(strcmp(text, "2.500 1.41e+00 1152921504606846976") == 0);
  assert(mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
  assert(getpid() != 0 && clock() != (clock_t)-1 && time(0) > 0);
  assert(deep(4000) == 4000);
  puts("as it must");
}`,
};

for (const [title, code] of Object.entries(PROGRAMS)) {
  test(`a program has ${title}`, async () => {
    const { compile, stderr, stdout } = await run(code);
    assertEquals([compile?.stderr, stderr, stdout], ["", "", "as it must\n"]);
  });
}

test("an abort, a failed assertion and a full stack are traps with the program's own functions", async () => {
  const code = `
#include <stdio.h>
#include <stdlib.h>
__attribute__((noinline)) static int deep(volatile int *n) { volatile char room[100000] = {0}; return deep(n) + room[*n]; }
int main(int count, char **arguments) {
  volatile int n = 0;
  if (count > 1) return deep(&n);
  abort();
}`;
  for (
    const [args, words] of [[[], "RuntimeError: unreachable"], [["deep"], "    at deep (main:wasm-function["]] as const
  ) {
    const { outcome, stderr } = await run(code, { args });
    assertEquals(outcome, { kind: "exited", exitCode: 134 });
    assertStringIncludes(stderr, words);
  }
});

/** Ways in which source text takes in a file: beside the workspace, by the assembler, or by a link in the workspace. */
const WAYS: Readonly<Record<string, readonly [code: string, words: string]>> = {
  "a header": ['#include "/etc/hostname"', "'/etc/hostname' file not found"],
  "a header above": [
    '#include "../../etc/hostname"',
    "cannot open file '/workspace/../../etc/hostname': Capabilities insufficient",
  ],
  "a planted link": ['#include "inner.h"\n#include "planted.h"', "'planted.h' file not found"],
  "bytes": ['const char text[] = {\n#embed "/etc/hostname"\n};', "'/etc/hostname' file not found"],
  "the assembler": ['__asm__(".incbin \\"/etc/hostname\\"");', "Could not find incbin file '/etc/hostname'"],
};

for (const [title, [code, words]] of Object.entries(WAYS)) {
  test(`the compiler finds no file of the host: ${title}`, async () => {
    const { compile, outcome } = await run(`${code}\nint main(void) {}`, {
      files: { "own.h": "" },
      links: { "inner.h": "own.h", "planted.h": "/etc/hostname" },
    });
    assertStringIncludes(compile?.stderr ?? "", words);
    assertEquals(outcome, { kind: "compile_failed", exitCode: 1 });
  });
}

/** Takes a compiler gigabytes of memory. */
const BOMB = 'char text[1 << 30] = "x";\nint main(void) { return text[1]; }';

test("a compiler that takes more memory than any may is ended, whatever its program may have", async () => {
  const { compile, outcome, remains } = await run(BOMB, { limits: { memoryMb: 32 } });
  assertEquals(outcome.kind === "memory_limit" && outcome.limitMb, COMPILER_LIMITS.memoryMb);
  assertEquals(compile?.outcome, outcome);
  assertEquals(remains, []);
});

test("a program is cancelled while it is compiled", async () => {
  const cancelling = new AbortController();
  const ran = run(BOMB, { signal: cancelling.signal });
  cancelling.abort();
  const { compile, outcome, remains } = await ran;
  assertEquals(outcome, { kind: "cancelled" });
  assertEquals(compile?.outcome, outcome);
  assertEquals(remains, []);
});

test("a compiler that floods is ended at the limit on output, and what is kept is bounded", async () => {
  const limits = { maxOutputBytes: 1_000, maxTotalOutputBytes: 100_000 };
  const { compile, outcome, remains } = await run("#warning a long line of a flood\n".repeat(20_000), { limits });
  assertEquals([outcome.kind, compile?.outcome], ["output_limit", outcome]);
  assertEquals((compile?.truncated?.stderr ?? 0) > 0, true);
  assertEquals(remains, []);
});
