import { assertEquals, assertStringIncludes } from "@std/assert";
import { runProgram } from "../../../src/commands/mod.ts";
import { MAX_DENIALS } from "../../../src/core/answers/vocabulary.ts";
import type { Denial } from "../../../src/core/denials/denial.ts";
import type { ProgramResult } from "../../../src/core/execution.ts";
import { DEFAULT_LIMITS, MEBIBYTE } from "../../../src/core/limits.ts";
import { NO_PERMISSIONS, type PermissionSettings } from "../../../src/core/permissions/permissions.ts";
import { RULES } from "../../../src/core/denials/denial_report.ts";
import { create as createDenoRuntime } from "../../../src/runtimes/deno/mod.ts";
import type { RuntimeConfig } from "../../../src/runtimes/port.ts";
import { configureEnvironment } from "../../support/configure_environment.ts";
import { isPresent, testedAvailability } from "../../support/requirements.ts";
import { runCommand } from "../../support/run_command.ts";
import { openRuntimeHost } from "../../support/runtime_host.ts";

const host = await openRuntimeHost();
const runtime = createDenoRuntime(host);
Deno.test.afterAll(async () => await host[Symbol.asyncDispose]());

const CONFIG: RuntimeConfig = configureEnvironment("typescript");

interface RunOptions {
  readonly permissions?: Partial<PermissionSettings>;
  readonly environment?: string;
  readonly files?: Readonly<Record<string, string>>;
}

async function run(lines: readonly string[], options: RunOptions = {}): Promise<ProgramResult> {
  const { permissions, environment: name = "typescript", files = {} } = options;
  const granted = { ...NO_PERMISSIONS, ...permissions };
  await using environment = await runtime.createEnvironment({ ...CONFIG, environment: name, permissions: granted });
  const path = environment.mainFile();
  for (const [file, text] of Object.entries({ ...files, [path]: lines.join("\n") })) {
    await environment.files.write(file, new TextEncoder().encode(text));
  }
  return await runProgram(environment, { kind: "file", path, args: [] }, {
    limits: DEFAULT_LIMITS,
    env: { GIVEN: "given" },
    permissionBounds: { readRoots: ["/usr"], writeRoots: [], openNetworks: [] },
  });
}

/** Kind, target, place and the permissions of the remedy, which are "-" where there is none. */
function rows({ denials }: { readonly denials: readonly Denial[] }): string[] {
  return denials.map(({ kind, target, at, remedy }) =>
    `${kind} ${target} at ${at} ${remedy === undefined ? "-" : JSON.stringify(remedy.permissions)}`
  );
}

if (isPresent("deno", await testedAvailability(runtime))) {
  Deno.test("[deno] a denial is told with what was asked for, where, by which rule, and the remedy", async () => {
    const { stderr, denials } = await run([
      "interface Unused {\n  x: number;\n}",
      "await fetch('https://example.com/x');",
    ]);
    assertStringIncludes(stderr, 'Requires net access to "example.com:443"');
    assertEquals(stderr.includes("\0"), false);
    assertEquals(denials, [{
      kind: "net",
      target: "example.com:443",
      at: "main.ts:4:7",
      rule: RULES.netOff,
      remedy: { permissions: { allowNet: ["example.com:443"] } },
    }]);
  });

  Deno.test("[deno] denials of every kind are told also where the program catches them", async () => {
    const attempts = [
      'Deno.readTextFileSync("/usr/lib/os-release")',
      'Deno.readTextFileSync("/etc/passwd")',
      'Deno.writeTextFileSync("/usr/x", "")',
      'await Deno.connect({ hostname: "10.1.2.3", port: 5 })',
      'await Deno.connect({ hostname: "example.org", port: 5432 })',
      "Deno.listen({ port: 0 })",
      'new Deno.Command("ls").outputSync()',
      "Deno.hostname()",
      'Deno.dlopen("/x.so", {})',
      'Deno.symlinkSync("/etc", "link")',
      'require("node:fs").readFileSync("/etc/hosts")',
      'require("node:child_process").execSync("true")',
    ];
    const caught = attempts.map((attempt) => `try { ${attempt}; console.log("done"); } catch { /* expected */ }`);
    const result = await run([
      'import { createRequire } from "node:module";',
      "const require = createRequire(import.meta.url);",
      ...caught,
    ]);
    assertEquals([result.exitCode, result.stdout, result.stderr], [0, "", ""]);
    assertEquals(rows(result), [
      'read /usr/lib/os-release at main.ts:3:12 {"allowRead":["/usr/lib/os-release"]}',
      "read /etc/passwd at main.ts:4:12 -",
      "write /usr/x at main.ts:5:12 -",
      "net 10.1.2.3:5 at main.ts:6:18 -",
      'net example.org:5432 at main.ts:7:18 {"allowNet":["example.org:5432"]}',
      "net 0.0.0.0:0 at main.ts:8:12 -",
      'run ls at main.ts:9:30 {"allowRun":true}',
      "sys hostname at main.ts:10:12 -",
      "ffi /x.so at main.ts:11:12 -",
      "write Deno.symlinkSync() at main.ts:12:12 -",
      "read /etc/hosts at main.ts:13:26 -",
      'run /bin/sh at main.ts:14:37 {"allowRun":true}',
    ]);
  });

  Deno.test("[deno] a denial in another file of the workspace is told there, once for all its places", async () => {
    const result = await run(['import { read } from "./lib/read.ts";', "read();", "read();"], {
      files: {
        "lib/read.ts":
          'export function read() {\n  try {\n    Deno.readTextFileSync("/etc/passwd");\n  } catch { /* expected */ }\n}',
      },
    });
    assertEquals(rows(result), ["read /etc/passwd at lib/read.ts:3:10 -"]);
  });

  Deno.test("[deno] a variable that the program may not read is told, and one that is merely unset is not", async () => {
    const code = [
      'console.log(Deno.env.get("A"), process.env.B, Deno.env.get("GIVEN"), process.env.LISTED, Deno.env.get("PATH"));',
      'Deno.env.set("C", "1"); console.log(Deno.env.get("C"));',
    ];
    const result = await run(['import process from "node:process";', ...code], {
      permissions: { allowEnv: ["LISTED"] },
    });
    assertEquals(result.stdout, "undefined undefined given undefined undefined\nundefined\n");
    assertEquals(rows(result), [
      'env A at main.ts:2:22 {"allowEnv":["LISTED","A"]}',
      'env B at main.ts:2:44 {"allowEnv":["LISTED","B"]}',
      "env PATH at main.ts:2:99 -",
      'env C at main.ts:3:46 {"allowEnv":["LISTED","C"]}',
    ]);
  });

  Deno.test("[deno] what the remedy of a variable says lets the program set and read it", async () => {
    const code = ['Deno.env.set("C", "1"); console.log(Deno.env.get("C"));'];
    const { stdout, denials } = await run(code, { permissions: { allowEnv: ["C"] } });
    assertEquals([stdout, denials], ["1\n", []]);
  });

  Deno.test("[deno] modules that are refused are told: of a host, of the registry, of this host's files", async () => {
    const host = await run(['import "https://example.com/x.ts";']);
    assertEquals(rows(host), ['import example.com:443 at main.ts:1:8 {"allowNet":["example.com:443"]}']);
    const registry = await run(['import "npm:chalk";']);
    assertEquals(registry.denials.map(({ kind, target }) => [kind, target]), [["import", "npm:"]]);
    assertEquals(rows(await run(['import "/etc/x.ts";'])), ["read /etc/x.ts at main.ts:1:8 -"]);
    const text = await run(['import text from "/etc/passwd" with { type: "text" };', "console.log(text);"]);
    assertEquals([rows(text), text.stdout], [["read /etc/passwd at main.ts:1:18 -"], ""]);
    assertEquals(rows(await run(['import "jsr:@std/path";'])), [
      'import jsr:@std/path at main.ts:1:8 {"allowNet":["jsr.io:443"]}',
    ]);
    assertEquals((await run(['await import("https://example.com/" + "x.ts");'])).denials.length, 1);
    assertEquals((await run(['import "./missing.ts";'])).denials, []);
  });

  Deno.test("[deno] a denial that ends a Worker is told", async () => {
    const result = await run(['new Worker(new URL("./worker.ts", import.meta.url).href, { type: "module" });'], {
      files: { "worker.ts": '\nDeno.readTextFileSync("/etc/passwd");' },
    });
    assertEquals(rows(result), ["read /etc/passwd at worker.ts:2:6 -"]);
  });

  Deno.test("[deno] hosts beside those that are listed are told with the whole list as remedy", async () => {
    const result = await run(["await fetch('http://b.example/').catch(() => {});"], {
      permissions: { allowNet: ["a.example"] },
    });
    assertEquals(rows(result), ['net b.example:80 at main.ts:1:7 {"allowNet":["a.example","b.example:80"]}']);
    assertEquals(result.denials[0]?.rule, RULES.netUnlisted);
  });

  Deno.test("[deno] denials of CommonJS and of deno eval are told as well", async () => {
    const common = await run(['const fs = require("node:fs");', 'try { fs.readFileSync("/etc/passwd"); } catch {}'], {
      environment: "javascript",
    });
    assertEquals(rows(common), ["read /etc/passwd at main.js:2:10 -"]);
    await using environment = await runtime.createEnvironment(CONFIG);
    const evaluated = await runCommand(environment, {
      type: "execute_shell",
      command: "deno",
      args: ["eval", "try { Deno.readTextFileSync('/etc/passwd'); } catch {}"],
    }, { limits: DEFAULT_LIMITS }) as ProgramResult;
    assertEquals(evaluated.denials.map(({ target }) => target), ["/etc/passwd"]);
  });

  Deno.test({
    name: "[deno] the denials of a command are read from stderr, and those of the network have no remedy",
    ignore: !host.confinement.separatesProcesses,
    async fn() {
      for (const allowNet of [false, true]) {
        const permissions = { ...NO_PERMISSIONS, allowNet };
        await using environment = await runtime.createEnvironment({ ...CONFIG, permissions });
        const command = "echo 'curl: (6) Could not resolve host: example.com' >&2";
        const result = await runCommand(environment, { type: "execute_shell", command }, { limits: DEFAULT_LIMITS });
        const { denials } = result as ProgramResult;
        assertEquals(rows({ denials }), ["net example.com at undefined -"]);
        assertStringIncludes(denials[0]?.rule ?? "", "no network on this runtime");
      }
    },
  });

  Deno.test("[deno] a flood of denials is bounded, and leaves nothing on disk or in the output", async () => {
    const result = await run([
      "for (let i = 0; i < 100_000; i++) {",
      "  try { Deno.readTextFileSync(`/etc/${i % 2_000}`); } catch { /* expected */ }",
      "}",
      "const used = [...Deno.readDirSync('.'), ...Deno.readDirSync(Deno.env.get('TMPDIR') ?? '')].map(({ name }) => name);",
      "console.log(used.join());",
    ]);
    assertEquals([result.outcome, result.stdout, result.stderr], [{ kind: "exited", exitCode: 0 }, "main.ts\n", ""]);
    assertEquals([result.denials.length, result.denialsOmitted], [MAX_DENIALS, 1_000 - MAX_DENIALS]);
    assertEquals(JSON.stringify(result).length < MEBIBYTE, true);
  });

  Deno.test("[deno] a program that forges, or breaks what tells them, falsifies its own denials only", async () => {
    const forged = await run([
      'const told = JSON.stringify([`Requires read access to "${"x".repeat(300)}", run again`, "at file:///workspace/y.ts:1:1"]);',
      "Deno.stderr.writeSync(new TextEncoder().encode(`\\0\\x07${told}\\0`));",
    ]);
    assertEquals(forged.denials.map(({ kind, target }) => [kind, target.length]), [["read", 256]]);
    const broken = await run([
      "JSON.stringify = () => { throw new Error('no'); };",
      "Deno.stderr.writeSync = () => 0;",
      "Set.prototype.has = () => { throw new Error('no'); };",
      "Object.setPrototypeOf(Deno.errors.NotCapable, Error);",
      "try { Deno.readTextFileSync('/etc/passwd'); } catch (error) { console.log(error instanceof Deno.errors.NotCapable, error.name); }",
    ]);
    assertEquals([broken.exitCode, broken.stdout, broken.denials], [0, "true NotCapable\n", []]);
  });

  Deno.test("[deno] an error of the program is what it was without anybody listening", async () => {
    const { stdout } = await run([
      "try { Deno.readTextFileSync('/etc/passwd'); } catch (error) {",
      "  console.log(error instanceof Deno.errors.NotCapable, error instanceof Error, error.name, error.message);",
      "  console.log(error.stack.split('\\n').slice(1).map((line) => line.trim().replace(/:\\d+:\\d+/, '')).join('; ').replaceAll(/file:\\S+main/g, 'main'));",
      "}",
      "console.log(new Deno.errors.NotCapable('own').message, Object.getPrototypeOf(Deno.errors.NotCapable.prototype) === Error.prototype);",
    ]);
    assertEquals(stdout.split("\n"), [
      'true true NotCapable Requires read access to "/etc/passwd", run again with the --allow-read flag',
      "at Object.readTextFileSync (ext:deno_fs/30_fs.js); at main.ts",
      "own true",
      "",
    ]);
    for (const thrown of ["null", "undefined", "'text'", "{ get message() { throw 1; } }"]) {
      const { exitCode, stderr } = await run([`throw ${thrown};`]);
      assertEquals([thrown, exitCode, stderr.includes("boot.js")], [thrown, 1, false]);
    }
  });
}
