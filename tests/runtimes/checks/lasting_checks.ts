import { assert, assertEquals, assertRejects } from "@std/assert";
import { runProgram } from "../../../src/commands/mod.ts";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { encodeProgram } from "../../support/dialects/mod.ts";
import { runCommand } from "../../support/run_command.ts";
import type { Checks } from "./bench.ts";

/** What holds from program to program in an environment that lasts. */
export const LASTING_CHECKS: Checks = {
  async "files stay between programs and are the client's too"({ environment, dialect, run }) {
    await run(dialect.writeFile("kept.txt", "from the program"));
    const read = await runCommand(environment, { type: "read_file", path: "kept.txt" }, { limits: DEFAULT_LIMITS });
    assertEquals(read, { path: "kept.txt", content: "from the program", encoding: "utf8", bytes: 16 });
    await runCommand(environment, { type: "write_file", path: "deep/er/in.txt", content: "from the client" }, {
      limits: DEFAULT_LIMITS,
    });
    assertEquals((await run(dialect.printFile("deep/er/in.txt"))).stdout, "from the client");
  },

  async "files that match are returned with the answer, also those of a program that ran too long"(
    { environment, dialect, run },
  ) {
    await run(dialect.writeFile("in.txt", "from the program"));
    const path = environment.mainFile();
    await environment.files.write(path, await encodeProgram(dialect, dialect.sleep));
    await environment.files.write("out/deep/a.bin", new Uint8Array([0, 255]));
    await environment.files.write("out/deep/b.txt", new Uint8Array());
    const { outcome, outputFiles, outputFilesOmitted } = await runProgram(
      environment,
      { kind: "file", path, args: [] },
      {
        limits: { ...DEFAULT_LIMITS, timeoutMs: 500 },
        outputs: ["out/**", "in.txt", "none/*"],
      },
    );
    assertEquals([outcome.kind, outputFilesOmitted], ["timed_out", undefined]);
    assertEquals(outputFiles, [
      { path: "out/deep/a.bin", content: "AP8=", encoding: "base64", bytes: 2 },
      { path: "out/deep/b.txt", content: "", encoding: "utf8", bytes: 0 },
      { path: "in.txt", content: "from the program", encoding: "utf8", bytes: 16 },
    ]);
  },

  async "what a program wrote is compared, and patched for the next one"({ environment, dialect, run }) {
    const ask = (command: unknown) => runCommand(environment, command, { limits: DEFAULT_LIMITS });
    await run(dialect.writeFile("f.txt", "one"));
    const { diff } = await ask({ type: "diff", originalPath: "f.txt", modifiedContent: "two" }) as { diff: string };
    const result = await ask({
      type: "apply_patch",
      patch: `${diff}--- /dev/null\n+++ b/new.txt\n@@ -0,0 +1 @@\n+x\n`,
    });
    assertEquals(result, { filesPatched: 2, hunksApplied: 2, hunksFailed: 0, errors: [] });
    assertEquals((await run(dialect.printFile("f.txt"))).stdout, "two");
    assertEquals((await run(dialect.printFile("new.txt"))).stdout.trim(), "x");
  },

  async "two programs run side by side"({ dialect, run }) {
    const results = await Promise.all([run(dialect.hello), run(dialect.hello)]);
    assertEquals(results.map(({ stdout }) => stdout), ["hello\n", "hello\n"]);
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

  async "files are read and written while a program runs"({ environment, dialect, run }) {
    const { files } = environment;
    const abort = new AbortController();
    const { outcome } = await run(dialect.sleep, {
      signal: abort.signal,
      async onText() {
        await files.write("meanwhile.txt", new TextEncoder().encode("written"));
        assertEquals(await new Response(await files.read("meanwhile.txt")).text(), "written");
        abort.abort();
      },
    });
    assertEquals(outcome, { kind: "cancelled" });
  },

  async "usage is the program's own: neither what its start took, nor what the one before it used"({ dialect, run }) {
    const busy = await run(dialect.spin, { limits: { cpuMs: 400, timeoutMs: 60_000 } });
    const greedy = await run(dialect.limits.takeHeap(120));
    const modest = await run(dialect.hello);
    assertEquals(modest.exitCode, 0);
    // A program may be over before a busy service comes to sample it: null says so.
    const { cpuMs: cpu, peakMemoryBytes: memory } = modest.usage;
    const [mostCpu, mostMemory] = [busy.usage.cpuMs, greedy.usage.peakMemoryBytes];
    assert(mostCpu !== null && (cpu ?? 0) < mostCpu / 2, `${cpu} ms of CPU, after ${mostCpu}`);
    assert(mostMemory !== null && (memory ?? 0) < mostMemory / 2, `${memory} bytes, after ${mostMemory}`);
  },
};
