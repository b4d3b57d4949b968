import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { Outcome } from "../../src/core/execution.ts";
import { HONEST_MODULE } from "../../src/runtimes/wasm/canary_modules.ts";
import { configureEnvironment } from "../support/configure_environment.ts";
import { isPresent } from "../support/requirements.ts";
import { compileToWasi, wasiCompiler } from "../support/wasi/compiler.ts";
import { type ModuleOptions, openWasm, runModule } from "../runtimes/wasm/open_wasm.ts";

// What a hostile module tries, of wasm_attacks.c: nothing outside is read or changed, everything ends as its limits say, and in the
// same environment an honest module runs afterwards.

const SECRET = "the secret of the host";

/** An attack: its arguments, where `{{file}}` is a file of the host, and how it may end. */
interface ModuleAttack extends Omit<ModuleOptions, "args"> {
  readonly args: readonly string[];
  readonly ends: readonly Outcome["kind"][];
  readonly exitCode?: number;
  readonly says?: RegExp;
}

const LOOPS = { ends: ["timed_out"], limits: { timeoutMs: 300 } } as const;
const TRAPS = { ends: ["exited"], exitCode: 134 } as const;

const ATTACKS: readonly ModuleAttack[] = [
  { args: ["read", "{{file}}"], ends: ["exited"], exitCode: 0 },
  { args: ["change", "{{file}}"], ends: ["exited"], exitCode: 0 },
  { args: ["descriptors"], ends: ["exited"], exitCode: 0 },
  { args: ["pointers"], ends: ["exited"], exitCode: 0 },
  { args: ["memory", "touched"], ends: ["memory_limit"] },
  { args: ["memory", "untouched"], ends: ["exited"], exitCode: 0 },
  ...["computing", "calling", "yielding", "sleeping", "reading"].map((how) => ({ args: ["loop", how], ...LOOPS })),
  { args: ["trap", "unreachable"], ...TRAPS, says: /^RuntimeError: unreachable\n {4}at .*main\.wasm:wasm-function/ },
  {
    args: ["trap", "division"],
    ...TRAPS,
    says: /^RuntimeError: (?:divide|remainder) by zero|divide result unrepresentable/,
  },
  { args: ["trap", "bounds"], ...TRAPS, says: /^RuntimeError: memory access out of bounds\n/ },
  { args: ["trap", "signature"], ...TRAPS, says: /^RuntimeError: / },
  { args: ["trap", "table"], ...TRAPS, says: /^RuntimeError: table index is out of bounds\n/ },
  { args: ["trap", "stack"], ...TRAPS, says: /^(?:RangeError: Maximum call stack|RuntimeError: memory access)/ },
  { args: ["output", "1"], ends: ["output_limit"], limits: { maxTotalOutputBytes: 2_000_000, maxOutputBytes: 1_000 } },
  { args: ["output", "2"], ends: ["output_limit"], limits: { maxTotalOutputBytes: 2_000_000, maxOutputBytes: 1_000 } },
  { args: ["exit"], ends: ["exited"], exitCode: 255 },
];

const runtime = await openWasm();
if (runtime !== undefined && isPresent("wasi_compiler", await wasiCompiler())) {
  const module = await compileToWasi(await Deno.readTextFile(new URL("wasm_attacks.c", import.meta.url)));
  for (const attack of ATTACKS) {
    Deno.test(`[wasm] an attack: ${attack.args.join(" ")}`, () => attempt(runtime, module, attack));
  }
}

async function attempt(
  runtime: NonNullable<Awaited<ReturnType<typeof openWasm>>>,
  module: Uint8Array<ArrayBuffer>,
  { args, ends, exitCode, says = /^/, ...options }: ModuleAttack,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  const file = join(directory, "file.txt");
  try {
    await Deno.chmod(directory, 0o777);
    await Deno.writeTextFile(file, SECRET);
    await Deno.chmod(file, 0o666);
    await using environment = await runtime.createEnvironment(configureEnvironment("wasm"));
    const filled = args.map((arg) => arg.replace("{{file}}", file));
    const result = await runModule(environment, module, { args: filled, ...options });
    assert(ends.includes(result.outcome.kind), JSON.stringify(result));
    if (exitCode !== undefined) assertEquals(result.exitCode, exitCode, JSON.stringify(result));
    assert(says.test(result.stderr), result.stderr);
    assert(!/ext:|\.js:|codebeaker/.test(result.stderr), result.stderr); // Nothing of the process around it.
    if (["read", "change", "descriptors"].includes(args[0] ?? "")) assertEquals(result.stdout, "");
    assertEquals(await Deno.readTextFile(file), SECRET);
    assertEquals([...Deno.readDirSync(directory)].map(({ name }) => name), ["file.txt"]);
    assertEquals((await runModule(environment, HONEST_MODULE)).stdout, "42\n");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
