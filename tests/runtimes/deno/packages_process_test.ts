import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { runProgram } from "../../../src/commands/mod.ts";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import type { ProgramResult } from "../../../src/core/execution.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { create as createDenoRuntime } from "../../../src/runtimes/deno/mod.ts";
import { Contexts } from "../../../src/contexts/contexts.ts";
import { configureEnvironment } from "../../support/configure_environment.ts";
import { mountsAvailability } from "../../support/confined.ts";
import { npmAvailability, type PublishedPackage } from "../../support/npm_registry.ts";
import { isPresent } from "../../support/requirements.ts";
import { runCommand } from "../../support/run_command.ts";
import { openRuntimeHost } from "../../support/runtime_host.ts";
import { until } from "../../support/until.ts";
import { assertExited, openPackagesBench, packagesAvailability, type PackagesBench } from "./packages_bench.ts";

/** A package in CommonJS, as most are, and one in ECMAScript that needs it and reads a file of its own. */
const PACKAGES: readonly PublishedPackage[] = [
  { name: "base", version: "1.0.0", files: { "index.js": 'module.exports = "base 1.0";' } },
  { name: "base", version: "1.5.0", files: { "index.js": 'module.exports = "base 1.5";' } },
  { name: "base", version: "2.0.0", files: { "index.js": 'module.exports = "base 2.0";' } },
  {
    name: "@scope/top",
    version: "3.0.0",
    manifest: {
      type: "module",
      exports: { ".": "./top.js", "./extra": "./extra.js" },
      dependencies: { base: "~1.0.0" },
    },
    files: {
      "top.js":
        'import base from "base"; import { readFileSync } from "node:fs"; export const text = `top of ${base}, ${readFileSync(new URL("data.txt", import.meta.url), "utf8")}`;',
      "extra.js": 'export default "extra";',
      "data.txt": "with data",
    },
  },
  { name: "late", version: "1.0.0", files: { "index.js": 'module.exports = "late";' } },
];

/** What stands in an environment's directory beside the workspace. */
async function names({ environment, scratchDirectory }: PackagesBench): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(`${scratchDirectory}/${environment.id}`));
  return entries.map(({ name }) => name.replace(/^(packages)-.*/, "$1")).toSorted();
}

/** A package whose content no compression makes small. */
function largePackage(bytes: number): PublishedPackage {
  const content = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += 65_536) crypto.getRandomValues(content.subarray(at, at + 65_536));
  return { name: "large", version: "1.0.0", files: { "content.bin": content, "index.js": "" } };
}

if (isPresent("deno", await packagesAvailability())) {
  Deno.test("[deno] packages: a context imports by their names those that were installed before it was opened", async () => {
    await using bench = await openPackagesBench(PACKAGES);
    assertExited(await bench.install(["@scope/top"]));
    await using contexts = new Contexts();
    const { id } = await contexts.open(bench.environment, {
      language: "typescript",
      limits: DEFAULT_LIMITS,
      lifetimeMs: 60_000,
      createdAt: 0,
      memory: { [Symbol.dispose]() {} },
    });
    const run = (code: string) => contexts.get(id).run({ code }, { limits: DEFAULT_LIMITS });
    assertExited(await run('import { text } from "@scope/top";'));
    assertEquals((await run("text as string")).value, "top of base 1.0, with data");
    const late = await run('import late from "late";');
    assertExited(late, 1);
    assertStringIncludes(late.stderr, "late");
  });

  Deno.test("[deno] packages: what was installed is imported by its name, required, and found by eval", async () => {
    await using bench = await openPackagesBench(PACKAGES);
    const before = await bench.run('import base from "base"; console.log(base);');
    assertExited(before, 1);
    const installed = await bench.install(["@scope/top", "base@1.5.0"]);
    assertExited(installed);
    assertStringIncludes(installed.stderr, "npm:base 1.5.0");
    const table = [
      ['import { text } from "@scope/top"; console.log(text as string);', "typescript", "top of base 1.0, with data\n"],
      ['import extra from "@scope/top/extra"; console.log(extra);', "typescript", "extra\n"],
      ['import base from "base"; console.log(base);', "javascript", "base 1.5\n"],
      ['const base = require("base"); console.log(base);', "javascript", "base 1.5\n"],
      [
        'console.log((await import("base")).default, (await import("npm:base@^1")).default);',
        "deno",
        "base 1.5 base 1.5\n",
      ],
    ] as const;
    for (const [code, language, stdout] of table) {
      const result = await bench.run(code, language);
      assertEquals([code, result.stdout, result.stderr], [code, stdout, ""]);
    }
    const command = { type: "shell", command: "deno", args: ["eval", 'import base from "base"; console.log(base);'] };
    const { stdout } = await runCommand(bench.environment, command, { limits: DEFAULT_LIMITS }) as ProgramResult;
    assertEquals(stdout, "base 1.5\n");
    const { children } = await bench.environment.files.list(".");
    assertEquals(children?.map(({ name }) => name), ["main.js", "main.ts"]);
  });

  Deno.test("[deno] packages: later ones come beside the former, and one that is named again is replaced", async () => {
    await using bench = await openPackagesBench(PACKAGES);
    const code =
      'import base from "base"; console.log(base, await import("late").then((late) => late.default, () => "none"));';
    for (
      const [packages, stdout] of [
        [["base@1.0.0"], "base 1.0 none\n"],
        [["late"], "base 1.0 late\n"],
        [["base"], "base 2.0 late\n"],
      ] as const
    ) {
      assertExited(await bench.install(packages));
      assertEquals((await bench.run(code)).stdout, stdout);
      assertEquals(await names(bench), ["deno_dir", "packages", "tmp", "workspace"]);
    }
  });

  Deno.test("[deno] packages: a program with network has those that were installed, and may import more", async () => {
    await using bench = await openPackagesBench(PACKAGES, { allowNet: true });
    assertExited(await bench.install(["base@1.0.0"]));
    const code = 'console.log((await import("base")).default, (await import("npm:late")).default);';
    for (let round = 0; round < 2; round++) {
      const { stdout, stderr } = await bench.run(code);
      assertEquals([stdout, stderr], ["base 1.0 late\n", ""]);
    }
  });

  Deno.test("[deno] packages: an installation that fails says why, and changes nothing", async () => {
    await using bench = await openPackagesBench([
      ...PACKAGES,
      { name: "needs-more", version: "1.0.0", files: {}, manifest: { dependencies: { "no-such-package": "1" } } },
    ]);
    await bench.environment.files.write("kept.txt", new TextEncoder().encode("kept"));
    const first = await bench.install(["no-such-package"]);
    assertExited(first, 1);
    assertStringIncludes(first.stderr, "no-such-package");
    assert(!first.stderr.includes("--npm-registry"), first.stderr);
    assertEquals(await names(bench), ["deno_dir", "tmp", "workspace"]);
    assertExited(await bench.install(["base@1"]));
    for (const packages of [["no-such-package", "late"], ["late", "needs-more"], ["base@9"]]) {
      assertExited(await bench.install(packages), 1);
    }
    const result = await bench.run('import base from "base"; console.log(base); await import("late");');
    assertEquals(result.stdout, "base 1.5\n");
    assertExited(result, 1);
    const { children } = await bench.environment.files.list(".");
    assertEquals(children?.map(({ name }) => name), ["kept.txt", "main.ts"]);
    assertEquals(await names(bench), ["deno_dir", "packages", "tmp", "workspace"]);
  });

  Deno.test("[deno] packages: an installation without a registry says what the operator has to name", async () => {
    await using bench = await openPackagesBench(PACKAGES);
    await bench.registry[Symbol.asyncDispose]();
    const result = await bench.install(["late"]);
    assertExited(result, 1);
    assertStringIncludes(result.stderr, "The npm registry cannot be reached");
    assertStringIncludes(result.stderr, "--npm-registry");
  });

  Deno.test("[deno] packages: a name that is none of npm's is refused, and the registry is not asked", async () => {
    await using bench = await openPackagesBench(PACKAGES);
    for (const name of ["requests==2.0", "a[b]", "g++", "_a"]) {
      const error = await assertRejects(() => bench.install(["base", name]), CodeBeakerError);
      assertEquals([name, error.code, error.details.errors?.[0]?.path], [name, "invalid_request", "packages[1]"]);
    }
    assertEquals([bench.requests, await names(bench)], [[], ["deno_dir", "tmp", "workspace"]]);
  });

  Deno.test("[deno] packages: more than the disk limit ends an installation, and nothing of it stays", async () => {
    await using bench = await openPackagesBench([largePackage(9_000_000), ...PACKAGES], {}, { diskMb: 4 });
    assertExited(await bench.install(["base@1"]));
    const { outcome } = await bench.install(["large", "base@2"]);
    assert(outcome.kind === "disk_limit" && outcome.limitMb === 4 && outcome.observedMb >= 4, JSON.stringify(outcome));
    assertEquals((await bench.run('import base from "base"; console.log(base);')).stdout, "base 1.5\n");
    assertEquals(await names(bench), ["deno_dir", "packages", "tmp", "workspace"]);
    await using roomy = await openPackagesBench([largePackage(9_000_000)], {}, { diskMb: 32 });
    assertExited(await roomy.install(["large"]));
  });

  Deno.test("[deno] packages: a deadline, a cancel and a disposal each end an installation, and nothing of it stays", async () => {
    let asked = 0;
    await using silent = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
      asked++;
      return new Promise((resolve) => request.signal.addEventListener("abort", () => resolve(new Response())));
    });
    await using host = await openRuntimeHost({
      settings: { deno: { npmRegistry: `http://127.0.0.1:${silent.addr.port}` } },
    });
    const environment = await createDenoRuntime(host).createEnvironment(configureEnvironment("typescript"));
    const install = (options: { readonly timeoutMs?: number; readonly signal?: AbortSignal }) =>
      runProgram(environment, { kind: "install", packages: ["base"] }, {
        limits: { ...DEFAULT_LIMITS, timeoutMs: options.timeoutMs ?? 60_000 },
        signal: options.signal,
      });
    assertEquals((await install({ timeoutMs: 300 })).outcome, { kind: "timed_out", limitMs: 300 });
    const cancelling = new AbortController();
    const cancelled = install({ signal: cancelling.signal });
    await until(() => asked >= 2, "the registry was asked");
    cancelling.abort();
    assertEquals((await cancelled).outcome, { kind: "cancelled" });
    const scratch = `${host.scratchDirectory}/${environment.id}`;
    assertEquals((await Array.fromAsync(Deno.readDir(scratch))).map(({ name }) => name).toSorted(), [
      "deno_dir",
      "tmp",
      "workspace",
    ]);
    const disposed = install({});
    await until(() => asked >= 3, "the registry was asked");
    await environment[Symbol.asyncDispose]();
    assertEquals((await disposed).outcome, { kind: "signaled", signal: "SIGKILL" });
    await assertRejects(() => Deno.lstat(scratch), Deno.errors.NotFound);
  });

  Deno.test("[deno] packages: those that lie deep are removed with the environment", async () => {
    const deep = `${"d/".repeat(120)}index.js`;
    await using bench = await openPackagesBench([{
      name: "deep",
      version: "1.0.0",
      files: { [deep]: "" },
      manifest: { main: deep },
    }]);
    assertExited(await bench.install(["deep"]));
    assertExited(await bench.run('import "deep";'));
    await bench.environment[Symbol.asyncDispose]();
    await assertRejects(() => Deno.lstat(`${bench.scratchDirectory}/${bench.environment.id}`), Deno.errors.NotFound);
  });

  if (isPresent("npm_registry", await npmAvailability())) {
    Deno.test("[deno] packages: npm's own registry is asked when no other is named", async () => {
      await using host = await openRuntimeHost();
      await using environment = await createDenoRuntime(host).createEnvironment(configureEnvironment("typescript"));
      const ask = async (command: unknown) =>
        await runCommand(environment, command, {
          limits: DEFAULT_LIMITS,
          maxTimeoutMs: 60_000,
          mayInstall: true,
        }) as ProgramResult;
      assertExited(await ask({ type: "install_packages", packages: ["is-odd@3.0.1", "nanoid@^5"] }));
      const code =
        'import isOdd from "is-odd"; import { nanoid } from "nanoid"; console.log(isOdd(3), nanoid().length);';
      assertEquals((await ask({ type: "execute_code", code })).stdout, "true 21\n");
    });
  }
}

if (isPresent("bubblewrap", await mountsAvailability())) {
  Deno.test("[deno] packages: a command line finds Deno, what was installed, and the commands that it brings", async () => {
    const tool = {
      name: "tool",
      version: "1.0.0",
      manifest: { bin: { tool: "tool.js" } },
      files: { "tool.js": "#!/codebeaker/deno\nconsole.log('the tool');\n" },
    };
    await using bench = await openPackagesBench([...PACKAGES, tool]);
    const line = async (command: string) =>
      await runCommand(bench.environment, { type: "execute_shell", command, timeoutMs: 60_000 }, {
        limits: DEFAULT_LIMITS,
      }) as ProgramResult;
    const write = (path: string, text: string) => bench.environment.files.write(path, new TextEncoder().encode(text));
    await write("plain_test.ts", 'Deno.test("plain", () => { const one: number = 1; if (one !== 1) throw one; });');
    assertStringIncludes((await line("deno test plain_test.ts")).stdout, "1 passed");
    assertExited(await bench.install(["base@1.5.0", "tool"]));
    await write("main.ts", 'import base from "base"; console.log(base);');
    await write("package.json", '{ "scripts": { "start": "deno run main.ts && tool" } }');
    const { stderr, stdout } = await line("deno run main.ts && deno task --quiet start");
    assertEquals([stdout, stderr], ["base 1.5\nbase 1.5\nthe tool\n", ""]);
    assertStringIncludes((await line("echo 1 > /node_modules/base/index.js")).stderr, "Read-only");
    assertEquals((await bench.run('import base from "base"; console.log(base);')).stdout, "base 1.5\n");
  });
}
