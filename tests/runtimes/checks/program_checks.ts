import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { ProgramResult } from "../../../src/core/execution.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { encodeContent } from "../../../src/core/requests/content.ts";
import { encodeProgram } from "../../support/dialects/mod.ts";
import { runCommand } from "../../support/run_command.ts";
import type { Checks } from "./bench.ts";

/** What one program sees, and what is seen of it. Each check runs exactly one. */
export const PROGRAM_CHECKS: Checks = {
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

  async "an exit code is reported"({ dialect, run }) {
    const { outcome, exitCode } = await run(dialect.exitWith(42));
    assertEquals({ outcome, exitCode }, { outcome: { kind: "exited", exitCode: 42 }, exitCode: 42 });
  },

  async "exit code 137 is no death by SIGKILL"({ dialect, run }) {
    const { outcome, exitCode } = await run(dialect.exitWith(137));
    assertEquals({ outcome, exitCode }, { outcome: { kind: "exited", exitCode: 137 }, exitCode: 137 });
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

  async "20,000 single bytes arrive in order"({ dialect, run }) {
    const expected = Array.from({ length: 20_000 }, (_, index) => String.fromCharCode(97 + index % 26)).join("");
    assertEquals((await run(dialect.writeSingleBytes(20_000))).stdout, expected);
  },

  async "a program reads no file outside its workspace"({ dialect, run }) {
    const secret = await Deno.makeTempFile();
    try {
      await Deno.writeTextFile(secret, "secret of the host");
      await Deno.chmod(secret, 0o644);
      const { outcome, stdout } = await run(dialect.printFile(secret));
      assertEquals({ stdout, failed: outcome.kind === "exited" && outcome.exitCode !== 0 }, {
        stdout: "",
        failed: true,
      });
    } finally {
      await Deno.remove(secret);
    }
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

  async "execute_code runs in the environment and keeps its files"({ environment, dialect }) {
    const { content: code, encoding } = encodeContent(await encodeProgram(dialect, dialect.printFile("printed.txt")));
    const command = { type: "execute", code, encoding, timeout: 5 };
    await runCommand(environment, { type: "write_file", path: "printed.txt", content: "kept" }, {
      limits: DEFAULT_LIMITS,
    });
    const result = await runCommand(environment, command, { limits: DEFAULT_LIMITS }) as ProgramResult;
    assertEquals([result.exitCode, result.stdout], [0, "kept"]);
  },
};
