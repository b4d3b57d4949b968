import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { NO_PERMISSIONS } from "../../../src/core/permissions/permissions.ts";
import { assemble, call, load, longNumber, number, store } from "../../../src/runtimes/wasm/assemble.ts";
import { HONEST_MODULE, readingModule } from "../../../src/runtimes/wasm/canary_modules.ts";
import type { RuntimeHost } from "../../../src/runtimes/port.ts";
import { create } from "../../../src/runtimes/wasm/mod.ts";
import { configureEnvironment } from "../../support/configure_environment.ts";
import { EAGER_POOL } from "../../support/eager_pool.ts";
import { runCommand } from "../../support/run_command.ts";
import { openRuntimeHost } from "../../support/runtime_host.ts";
import { openWasm, runAlone, runModule } from "./open_wasm.ts";

// What is no command of WASI preview 1 ends with 126 and with words, and what traps with 134 and its own stack.

const PREAMBLE = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const FUNCTION_COUNT = 100_000;
/** The type of a function without parameters and results, one function of it, and what a command exports. */
const TYPES = section(1, [[0x60, 0, 0]]);
const FUNCTIONS = section(3, [[0]]);
const EXPORTS = section(7, [[...text("_start"), 0, 0], [...text("memory"), 2, 0]]);
const EMPTY_BODY = [2, 0, 0x0b];
const NAMESPACE = "wasi_snapshot_preview1";

const STARTS_EARLY = "Its start function calls WASI, and a command of WASI preview 1 does so from _start";

/** Prints its arguments and its variables, each with a NUL behind it. */
const ARGUMENTS_AND_VARIABLES = assemble({
  imports: {
    fd_write: ["i32", "i32", "i32", "i32"],
    args_sizes_get: ["i32", "i32"],
    args_get: ["i32", "i32"],
    environ_sizes_get: ["i32", "i32"],
    environ_get: ["i32", "i32"],
  },
  data: {},
  code: [1, 3].flatMap((sizes) => [
    ...call(sizes, number(8), number(4)), // The bytes of all are the length of what is printed.
    ...call(sizes + 1, number(1_024), number(65_536)),
    ...store(0, number(65_536)),
    ...call(0, number(1), number(0), number(1), number(8)),
  ]),
});

/** Opens a link to /proc by a directory that it made and opened. */
const OPENING_BELOW = assemble({
  imports: {
    path_create_directory: ["i32", "i32", "i32"],
    path_symlink: ["i32", "i32", "i32", "i32", "i32"],
    path_open: ["i32", "i32", "i32", "i32", "i32", "i64", "i64", "i32", "i32"],
  },
  data: { 1_024: "d/own", 2_048: "/proc" },
  code: [
    ...call(0, number(3), number(1_024), number(1)),
    ...call(1, number(2_048), number(5), number(3), number(1_024), number(5)),
    ...[[number(3), 1_024, 1, 2] as const, [load(0), 1_026, 3, 0] as const].flatMap(([fd, path, length, flags]) =>
      call(
        2,
        ...[fd, number(1), number(path), number(length), number(flags)],
        ...[longNumber(2), longNumber(2), number(0), number(0)],
      )
    ),
  ],
});

/** Modules that cannot run, and what is said of each. */
const BAD: Readonly<Record<string, readonly [bytes: readonly number[], words: string]>> = {
  "garbage": [
    [...new TextEncoder().encode("garbage")],
    "It is no WebAssembly module, which begins with the bytes 00 61 73 6d",
  ],
  "nothing": [[], "It is no WebAssembly module, which begins with the bytes 00 61 73 6d"],
  "a component": [
    [...PREAMBLE.slice(0, 4), 0x0d, 0, 1, 0],
    "It is a component, and only core modules run here: build it as a command of WASI preview 1",
  ],
  "another version": [[...PREAMBLE.slice(0, 4), 2, 0, 0, 0], "It is WebAssembly of version 2, and 1 is known"],
  "its first four bytes": [PREAMBLE.slice(0, 4), "WebAssembly.Module(): expected 4 bytes, fell off end"],
  "a part of a module": [
    [...HONEST_MODULE.subarray(0, 40)],
    "WebAssembly.Module(): section",
  ],
  "imports that are not there": [
    [...PREAMBLE, ...TYPES, ...section(2, ["a", "b", "c", "d"].map((name) => [...text("env"), ...text(name), 0, 0]))],
    `It imports env.a, env.b, env.c and 1 others, and only functions of ${NAMESPACE} are here`,
  ],
  "an import that WASI does not have": [
    [...PREAMBLE, ...TYPES, ...section(2, [[...text(NAMESPACE), ...text("sock_connect"), 0, 0]]), ...FUNCTIONS]
      .concat(section(5, [[0, 1]]), EXPORTS, section(10, [EMPTY_BODY])),
    `WebAssembly.Instance(): Import #0 "${NAMESPACE}" "sock_connect": function import requires a callable`,
  ],
  "a start function that ends the program": [startingWith("proc_exit", 1), STARTS_EARLY],
  "a start function that writes": [startingWith("fd_write", 4), STARTS_EARLY],
  "no function that starts": [PREAMBLE, 'It exports no function "_start", as a command of WASI preview 1 does'],
  "no memory": [
    [...PREAMBLE, ...TYPES, ...FUNCTIONS, ...section(7, [[...text("_start"), 0, 0]]), ...section(10, [EMPTY_BODY])],
    'It exports no memory "memory", as a command of WASI preview 1 does',
  ],
  "a memory of 64 bits": [
    [...PREAMBLE, ...TYPES, ...FUNCTIONS, ...section(5, [[4, 1]]), ...EXPORTS, ...section(10, [EMPTY_BODY])],
    "It has a memory of 64 bits, and WASI preview 1 knows those of 32 bits",
  ],
};

const runtime = await openWasm({ shellRuntimes: ["bash", "other"] });
if (runtime !== undefined) testModules(runtime);

function testModules(runtime: NonNullable<Awaited<ReturnType<typeof openWasm>>>): void {
  Deno.test("[wasm] what is no command of WASI ends with 126, and says what it is", async () => {
    await using environment = await runtime.createEnvironment(configureEnvironment("wasm"));
    for (const [name, [bytes, words]] of Object.entries(BAD)) {
      const { outcome, stderr } = await runModule(environment, new Uint8Array(bytes));
      assertEquals([name, outcome], [name, { kind: "exited", exitCode: 126 }]);
      assertStringIncludes(stderr, `main.wasm: ${words}`);
      assertEquals(stderr.split("\n").length, 2, stderr);
    }
  });

  Deno.test("[wasm] a start function that loops is ended at the deadline", async () => {
    const loops = [4, 0, 0x03, 0x40, 0x0c, 0, 0x0b, 0x0b];
    const bytes = commandOf([loops.with(0, loops.length - 1)], { start: 0 });
    assertEquals((await runAlone(runtime, bytes, { limits: { timeoutMs: 300 } })).outcome, {
      kind: "timed_out",
      limitMs: 300,
    });
  });

  Deno.test("[wasm] a trap of a start function, and of the program, ends with 134 and the module's own stack", async () => {
    const traps = [3, 0, 0x00, 0x0b];
    for (const start of [undefined, 0]) {
      const { outcome, stderr } = await runAlone(runtime, commandOf([traps], { start }), { path: "sub/own.wasm" });
      assertEquals(outcome, { kind: "exited", exitCode: 134 });
      assertEquals(
        stderr,
        "RuntimeError: unreachable\n    at sub/own.wasm:wasm-function[0]:0x35\n".replace(
          "0x35",
          /0x\w+/.exec(stderr)?.[0] ?? "",
        ),
      );
    }
  });

  Deno.test("[wasm] a full stack and an exception of a start function, and of the program, end with 134", async () => {
    const fullStack = [4, 0, 0x10, 0, 0x0b];
    const throws = [4, 0, 0x08, 0, 0x0b];
    for (const start of [undefined, 0]) {
      for (
        const [body, words] of [[fullStack, /^RangeError: Max/], [throws, /^main.wasm: An exception was/]] as const
      ) {
        const { exitCode, stderr } = await runAlone(runtime, commandOf([body], { start, tags: section(13, [[0, 0]]) }));
        assertEquals(exitCode, 134);
        assertMatch(stderr, words);
      }
    }
  });

  Deno.test("[wasm] a denial names the path, by whichever of its directories it was asked for", async () => {
    await using environment = await runtime.createEnvironment(configureEnvironment("wasm"));
    const { denials } = await runModule(environment, readingModule(["own"], [{ name: "own", target: "/proc" }]));
    // What makes the link by the workspace's other name is refused, since one out of the workspace is there.
    const expected = ["write /workspace/own", "read /workspace/own", "read /tmp/own"];
    assertEquals(denials.map(({ kind, target }) => `${kind} ${target}`), expected);
  });

  Deno.test("[wasm] a denial below a directory that the module opened names that", async () => {
    await using environment = await runtime.createEnvironment(configureEnvironment("wasm"));
    const { denials } = await runModule(environment, OPENING_BELOW);
    assertEquals(denials.map(({ kind, target }) => `${kind} ${target}`), ["read /workspace/d/own"]);
  });

  Deno.test(`[wasm] a module of ${FUNCTION_COUNT} functions runs`, async () => {
    const { outcome } = await runAlone(runtime, commandOf(Array(FUNCTION_COUNT).fill(EMPTY_BODY)));
    assertEquals(outcome, { kind: "exited", exitCode: 0 });
  });

  Deno.test("[wasm] a process that waits serves every path, arguments and variables of a request, and of a session", async () => {
    const kinds = new Set<string>();
    const pool: NonNullable<RuntimeHost["pool"]> = {
      ...EAGER_POOL,
      lease(kind, options) {
        kinds.add(kind);
        return EAGER_POOL.lease(kind, options);
      },
    };
    await using host = await openRuntimeHost({ pool });
    await using runtime = create(host);
    await runtime.diagnose(); // A self-test uses the pool too, with limits of its own.
    kinds.clear();
    const requests = [
      { singleUse: true, runsMainFile: true, environmentVariables: {} },
      { singleUse: true, runsMainFile: false, environmentVariables: { SET: "1" }, tenant: "a" },
      { singleUse: true, runsMainFile: false, environmentVariables: { SET: "2" }, tenant: "b" },
      { environmentVariables: { SET: "3" }, tenant: "b" },
    ];
    for (const [index, request] of requests.entries()) {
      const config = configureEnvironment("wasm", request);
      const { startsCold } = await runtime.assess(config);
      await using environment = await runtime.createEnvironment(config);
      const path = `${index}.wasm`;
      const printed = await runModule(environment, ARGUMENTS_AND_VARIABLES, {
        args: ["a", `${index}`],
        env: { OWN: "0" },
        path,
      });
      const set = index === 0 ? "" : `SET=${index}\0`;
      assertEquals(printed.stdout, `${path}\0a\0${index}\0PWD=/workspace\0TMPDIR=/tmp\0${set}OWN=0\0`);
      assertEquals([environment.warm, startsCold], [true, false]);
    }
    assertEquals(kinds.size, 1);
  });

  Deno.test("[wasm] a command line is refused with the runtimes that run any", async () => {
    await using environment = await runtime.createEnvironment(configureEnvironment("wasm"));
    const error = await assertRejects(
      () => runCommand(environment, { type: "execute_shell", command: "ls" }, { limits: DEFAULT_LIMITS }),
      CodeBeakerError,
      "it takes one that confines any program (bash, other)",
    );
    assertEquals(error.code, "permission_denied");
  });

  // A check of the binary, begun every 30 s, may begin here: no assessment waits for it.
  const aside = { sanitizeOps: false, sanitizeResources: false };
  Deno.test("[wasm] no permission is promised that WASI has no function for", aside, async () => {
    const given = [{ allowNet: true }, { allowRun: true }, { allowRead: ["/usr"] }, { allowWrite: ["/srv"] }, {
      allowEnv: ["A"],
    }];
    const words = await Promise.all(given.map(async (permissions) => {
      const config = configureEnvironment("wasm", { permissions: { ...NO_PERMISSIONS, ...permissions } });
      return (await runtime.assess(config)).cannotHonour;
    }));
    assertEquals(words.map((text) => text !== undefined), [true, true, true, true, false]);
  });
}

/** A command whose start function calls a function of WASI with so many numbers. */
function startingWith(name: string, count: number): readonly number[] {
  const numbers = Array(count).fill(0x7f);
  const hasResult = name !== "proc_exit";
  const body = [0, ...numbers.flatMap(() => [0x41, 0]), 0x10, 0, ...(hasResult ? [0x1a] : []), 0x0b];
  return [
    ...PREAMBLE,
    ...section(1, [[0x60, 0, 0], [0x60, count, ...numbers, ...(hasResult ? [1, 0x7f] : [0])]]),
    ...section(2, [[...text(NAMESPACE), ...text(name), 0, 1]]),
    ...FUNCTIONS,
    ...section(5, [[0, 1]]),
    ...EXPORTS,
    ...[8, 1, 1],
    ...section(10, [[body.length, ...body]]),
  ];
}

/** A command whose functions have these bodies, and whose first one is what starts it. */
function commandOf(
  bodies: readonly (readonly number[])[],
  { start, tags = [] }: { readonly start?: number | undefined; readonly tags?: readonly number[] } = {},
) {
  const functions = section(3, bodies.map(() => [0]));
  const startSection = start === undefined ? [] : [8, 1, start];
  return new Uint8Array([
    ...PREAMBLE,
    ...TYPES,
    ...functions,
    ...section(5, [[0, 1]]),
    ...tags,
    ...EXPORTS,
    ...startSection,
    ...section(10, bodies),
  ]);
}

function section(id: number, items: readonly (readonly number[])[]): number[] {
  const content = [...leb128(items.length), ...items.flat()];
  return [id, ...leb128(content.length), ...content];
}

function text(value: string): number[] {
  return [value.length, ...new TextEncoder().encode(value)];
}

function leb128(value: number): number[] {
  return value < 0x80 ? [value] : [value % 0x80 | 0x80, ...leb128(Math.floor(value / 0x80))];
}
