import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { runCommand, runProgram } from "../../src/commands/mod.ts";
import { CodeBeakerError } from "../../src/core/errors.ts";
import type { ProgramResult } from "../../src/core/execution.ts";
import { DEFAULT_LIMITS, type Limits } from "../../src/core/limits.ts";
import { NO_PERMISSIONS } from "../../src/core/permissions.ts";
import type { ExecutionEnvironment, ExecutionRuntime, RuntimeConfig } from "../../src/runtimes/runtime.ts";
import type { Dialect } from "../support/dialects/mod.ts";

/** What a check works with: a fresh environment of one runtime, and its language. */
interface Bench {
  readonly environment: ExecutionEnvironment;
  readonly dialect: Dialect;
  run(code: string, options?: RunOptions): Promise<ProgramResult>;
}

interface RunOptions {
  readonly args?: readonly string[];
  readonly stdin?: string;
  readonly env?: Record<string, string>;
  readonly limits?: Partial<Limits>;
  readonly signal?: AbortSignal;
  onText?(text: string): void;
}

type Check = (bench: Bench) => Promise<void>;

/** What every runtime must do, by name. */
const CHECKS: Readonly<Record<string, Check>> = {
  async "a program prints and exits with 0"({ dialect, run }) {
    const { outcome, stdout, stderr, exitCode } = await run(dialect.hello);
    assertEquals({ outcome, stdout, stderr, exitCode }, {
      outcome: { kind: "exited", exitCode: 0 },
      stdout: "hello\n",
      stderr: "",
      exitCode: 0,
    });
  },

  async "stdin reaches the program and ends"({ dialect, run }) {
    const stdin = "grüße\n".repeat(50_000);
    assertEquals((await run(dialect.echoStdin, { stdin })).stdout, stdin);
  },

  async "a program that does not read its stdin is not held up by it"({ dialect, run }) {
    assertEquals((await run(dialect.hello, { stdin: "x".repeat(5_000_000) })).stdout, "hello\n");
  },

  async "arguments arrive as they are"({ dialect, run }) {
    const args = ["--allow-all", "a b", "", "-", "ü,ü", "'\"$(id)"];
    assertEquals((await run(dialect.printArgs, { args })).stdout, `${args.join("|")}\n`);
  },

  async "granted variables are visible and the service's are not"({ dialect, run }) {
    assertEquals(
      (await run(dialect.printVariable("GREETING"), { env: { GREETING: "hi, there" } })).stdout,
      "hi, there\n",
    );
    const hidden = (await run(dialect.printVariable("HOME"))).stdout.trim();
    assert(hidden !== Deno.env.get("HOME"), `HOME of the service is visible: ${hidden}`);
  },

  async "an exit code is told"({ dialect, run }) {
    const { outcome, exitCode } = await run(dialect.exitWith(42));
    assertEquals({ outcome, exitCode }, { outcome: { kind: "exited", exitCode: 42 }, exitCode: 42 });
  },

  async "an uncaught error tells the user's own line and no path of the host"({ dialect, run }) {
    const { outcome, stderr } = await run(dialect.failOnLine3("went wrong"));
    assertEquals(outcome, { kind: "exited", exitCode: 1 });
    assertStringIncludes(stderr, "went wrong");
    assertMatch(stderr, /main\.\w+:3\b|line 3\b/);
    assert(!/codebeaker-|env_|deno_boot/.test(stderr), stderr);
  },

  async "the program is the main module"({ dialect, run }) {
    assertEquals((await run(dialect.printIsMain)).stdout, "main\n");
  },

  async "a program is ended at its deadline and its output kept"({ dialect, run }) {
    const { outcome, stdout } = await run(dialect.sleep, { limits: { timeoutMs: 300 } });
    assertEquals({ outcome, stdout }, { outcome: { kind: "timed_out", limitMs: 300 }, stdout: "ready\n" });
  },

  async "a program that spins is ended at its deadline"({ dialect, run }) {
    assertEquals((await run(dialect.spin, { limits: { timeoutMs: 200 } })).outcome, {
      kind: "timed_out",
      limitMs: 200,
    });
  },

  async "a program that ignores SIGTERM is killed at its deadline"({ dialect, run }) {
    const { outcome, stdout, usage } = await run(dialect.ignoreSigterm, { limits: { timeoutMs: 300 } });
    assertEquals({ outcome, stdout }, { outcome: { kind: "timed_out", limitMs: 300 }, stdout: "ready\n" });
    assert(usage.wallMs < 5_000, `It lived for ${usage.wallMs} ms`);
  },

  async "a program that uses too much CPU is ended"({ dialect, run }) {
    const { outcome } = await run(dialect.spin, { limits: { cpuMs: 200 } });
    assertEquals(outcome.kind, "cpu_limit");
    assert(outcome.kind === "cpu_limit" && outcome.limitMs === 200 && outcome.observedMs >= 200);
  },

  async "a program that takes too much memory is ended"({ dialect, run }) {
    const { outcome } = await run(dialect.allocateForEver, { limits: { memoryMb: 128 } });
    assertEquals(outcome.kind, "memory_limit");
    assert(outcome.kind === "memory_limit" && outcome.limitMb === 128);
  },

  async "output beyond its total ends the program, head and tail kept"({ dialect, run }) {
    const { outcome, stdout, truncated } = await run(dialect.floodStdout, {
      limits: { maxOutputBytes: 1_000, maxTotalOutputBytes: 1_000_000 },
    });
    assertEquals(outcome.kind, "output_limit");
    assertEquals(stdout, "x".repeat(1_000));
    assertEquals(truncated, { stdout: 999_000, stderr: 0 });
  },

  async "20,000 single bytes arrive in order"({ dialect, run }) {
    const expected = Array.from({ length: 20_000 }, (_, index) => String.fromCharCode(97 + index % 26)).join("");
    assertEquals((await run(dialect.writeSingleBytes(20_000))).stdout, expected);
  },

  async "half a character at the end is kept as a replacement character"({ dialect, run }) {
    const { outcome, stdout } = await run(dialect.halfCharacter, { limits: { timeoutMs: 400 } });
    assertEquals({ outcome, stdout }, { outcome: { kind: "timed_out", limitMs: 400 }, stdout: "ok\ufffd" });
  },

  async "aborting cancels the program"({ dialect, run }) {
    const abort = new AbortController();
    const { outcome, stdout } = await run(dialect.sleep, { signal: abort.signal, onText: () => abort.abort() });
    assertEquals({ outcome, stdout }, { outcome: { kind: "cancelled" }, stdout: "ready\n" });
  },

  async "a file that outgrows the disk limit ends the program"({ dialect, run }) {
    const { outcome } = await run(dialect.writeHugeFile("huge.bin"), { limits: { diskMb: 4 } });
    assertEquals(outcome.kind, "disk_limit");
  },

  async "files stay between programs and are the client's too"({ environment, dialect, run }) {
    await run(dialect.writeFile("notes/../kept.txt", "from the program"));
    const read = await runCommand(environment, { type: "read_file", path: "kept.txt" }, { limits: DEFAULT_LIMITS });
    assertEquals(read, { path: "kept.txt", content: "from the program", encoding: "utf8", bytes: 16 });
    await runCommand(environment, { type: "write_file", path: "deep/er/in.txt", content: "from the client" }, {
      limits: DEFAULT_LIMITS,
    });
    assertEquals((await run(dialect.printFile("deep/er/in.txt"))).stdout, "from the client");
  },

  async "a program reads no file outside its workspace"({ dialect, run }) {
    const { outcome, stdout } = await run(dialect.printFile(Deno.execPath()));
    assertEquals({ stdout, failed: outcome.kind === "exited" && outcome.exitCode !== 0 }, { stdout: "", failed: true });
  },

  async "a program without network connects to nothing"({ dialect, run }) {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const accepted = listener.accept().then(() => "accepted", () => "closed");
    const { stdout, exitCode } = await run(dialect.connect(listener.addr.port));
    assertEquals(stdout, "");
    assert(exitCode !== 0);
    listener.close();
    assertEquals(await accepted, "closed");
  },

  async "two programs run side by side"({ dialect, run }) {
    const results = await Promise.all([run(dialect.hello), run(dialect.hello)]);
    assertEquals(results.map(({ stdout }) => stdout), ["hello\n", "hello\n"]);
  },

  async "usage tells what the program took"({ dialect, run }) {
    const { usage } = await run(dialect.spin, { limits: { timeoutMs: 300 } });
    assert(usage.wallMs >= 300 && usage.wallMs < 5_000, `wall ${usage.wallMs}`);
    assert(usage.startupMs > 0, `start-up ${usage.startupMs}`);
    assert(usage.cpuMs !== null && usage.cpuMs >= 100, `cpu ${usage.cpuMs}`);
    assert(usage.peakMemoryBytes !== null && usage.peakMemoryBytes > 1_000_000, `memory ${usage.peakMemoryBytes}`);
  },

  async "disposing ends what runs"({ environment, dialect }) {
    await environment.files.write(environment.mainFile(), new TextEncoder().encode(dialect.sleep));
    const handle = await environment.run({ kind: "file", path: environment.mainFile(), args: [] }, {
      env: {},
      limits: DEFAULT_LIMITS,
    });
    await environment[Symbol.asyncDispose]();
    assertEquals((await handle.outcome).kind, "signaled");
    await handle.output.cancel();
    await environment[Symbol.asyncDispose]();
  },

  async "a path that leaves the workspace is refused by every command"({ environment }) {
    const attempts = ["../x", "/etc/passwd", "a/../../x", "a\0b"].flatMap((path) => [
      { type: "read_file", path },
      { type: "write_file", path, content: "" },
      { type: "create_directory", path },
      { type: "delete_file", path },
      { type: "list_directory", path },
      { type: "copy_file", source: path, destination: "x" },
      { type: "move_file", source: "x", destination: path },
      { type: "execute_shell", command: "true", workingDirectory: path },
    ]);
    for (const attempt of attempts) {
      const error = await assertRejects(
        () => runCommand(environment, attempt, { limits: DEFAULT_LIMITS }),
        CodeBeakerError,
      );
      const field = error.details.errors?.[0]?.path;
      assertEquals([attempt.type, error.code, field !== undefined], [attempt.type, "permission_denied", true]);
    }
  },

  async "commands do what they say"({ environment }) {
    const command = (value: unknown) => runCommand(environment, value, { limits: DEFAULT_LIMITS });
    assertEquals(await command({ type: "write_file", path: "/workspace/a.txt", content: "aGk=", encoding: "base64" }), {
      path: "a.txt",
      bytes: 2,
    });
    await command({ type: "write_file", path: "a.txt", content: "!", mode: "Append" });
    assertEquals(
      (await assertRejects(
        () => command({ type: "write_file", path: "a.txt", content: "", mode: "CreateNew" }),
        CodeBeakerError,
      )).code,
      "conflict",
    );
    assertEquals(await command({ type: "read_file", path: "a.txt", offset: 1, length: 2 }), {
      path: "a.txt",
      content: "i!",
      encoding: "utf8",
      bytes: 2,
    });
    assertEquals(await command({ type: "create_dir", path: "d/e" }), { path: "d/e" });
    assertEquals(await command({ type: "copy_file", sourcePath: "a.txt", destinationPath: "d/e/b.txt" }), {
      source: "a.txt",
      destination: "d/e/b.txt",
    });
    assertEquals(await command({ type: "move_file", source: "d", destination: "f" }), {
      source: "d",
      destination: "f",
    });
    const { tree } = await command({ type: "list_files", path: "f", pattern: "*.txt" }) as {
      tree: { children: { path: string; children: { path: string; size: number }[] }[] };
    };
    assertEquals(tree.children.map(({ path }) => path), ["f/e"]);
    assertEquals(tree.children[0]?.children.map(({ path, size }) => [path, size]), [["f/e/b.txt", 3]]);
    assertEquals(
      (await assertRejects(() => command({ type: "delete_file", path: "f" }), CodeBeakerError)).code,
      "conflict",
    );
    assertEquals(await command({ type: "delete_file", path: "f", recursive: true }), { path: "f" });
    assertEquals(
      (await assertRejects(() => command({ type: "read_file", path: "f/e/b.txt" }), CodeBeakerError)).code,
      "not_found",
    );
  },

  async "execute_code runs in the environment and keeps its files"({ environment, dialect }) {
    const command = { type: "execute", code: dialect.printFile("told.txt"), timeout: 5 };
    await runCommand(environment, { type: "write_file", path: "told.txt", content: "kept" }, {
      limits: DEFAULT_LIMITS,
    });
    const result = await runCommand(environment, command, { limits: DEFAULT_LIMITS }) as ProgramResult;
    assertEquals([result.exitCode, result.stdout], [0, "kept"]);
  },
};

/** Registers the whole suite for one runtime in one language. */
export function testConformance(
  runtime: ExecutionRuntime,
  options: {
    readonly language: string;
    readonly dialect: Dialect;
    readonly deviations: Readonly<Record<string, string>>;
  },
): void {
  const { language, dialect, deviations } = options;
  for (const [name, check] of Object.entries(CHECKS)) {
    const reason = deviations[name];
    const title = `[${runtime.name}] ${language}: ${name}`;
    if (reason === undefined) Deno.test(title, () => withBench({ runtime, language, dialect }, check));
    else {
      Deno.test(`${title} — deviates: ${reason}`, async () => {
        await assertRejects(() => withBench({ runtime, language, dialect }, check), Error, "Values are not equal");
      });
    }
  }
}

async function withBench(
  { runtime, language, dialect }: {
    readonly runtime: ExecutionRuntime;
    readonly language: string;
    readonly dialect: Dialect;
  },
  check: Check,
): Promise<void> {
  const config: RuntimeConfig = {
    environment: language,
    environmentVariables: {},
    resourceLimits: DEFAULT_LIMITS,
    permissions: NO_PERMISSIONS,
    minIsolation: 0,
  };
  await using environment = await runtime.createEnvironment(config);
  async function run(code: string, options: RunOptions = {}): Promise<ProgramResult> {
    const path = environment.mainFile();
    await environment.files.write(path, new TextEncoder().encode(code));
    return await runProgram(environment, { kind: "file", path, args: options.args ?? [] }, {
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      stdin: options.stdin ?? "",
      env: options.env ?? {},
      signal: options.signal,
      onOutput: ({ bytes }) => options.onText?.(new TextDecoder().decode(bytes)),
    });
  }
  await check({ environment, dialect, run });
}
