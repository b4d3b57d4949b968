import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { runProgram } from "../../../../src/commands/mod.ts";
import { CodeBeakerError } from "../../../../src/core/errors.ts";
import type { ProgramResult } from "../../../../src/core/execution.ts";
import { DEFAULT_LIMITS } from "../../../../src/core/limits.ts";
import { Contexts } from "../../../../src/contexts/contexts.ts";
import { create } from "../../../../src/runtimes/native/mod.ts";
import type { ExecutionEnvironment } from "../../../../src/runtimes/port.ts";
import { configureEnvironment } from "../../../support/configure_environment.ts";
import { runCode } from "../../../support/docker.ts";
import { writePackageIndex } from "../../../support/package_index.ts";
import { hasPythonModules } from "../../../support/python_modules.ts";
import { isPresent, testedAvailability } from "../../../support/requirements.ts";
import { openRuntimeHost } from "../../../support/runtime_host.ts";

const PLANTED = "print('planted', flush=True)";
const LIMITS = { ...DEFAULT_LIMITS, timeoutMs: 60_000, cpuMs: 60_000 };

const directory = await Deno.makeTempDir();
const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, serveFile);
const pipIndex = `http://127.0.0.1:${server.addr.port}/simple/`;
const host = await openRuntimeHost({ settings: { native: { pipIndex } } });
const runtime = create(host);
Deno.test.afterAll(async () => {
  await server.shutdown();
  await runtime[Symbol.asyncDispose]();
  await host[Symbol.asyncDispose]();
  await Deno.remove(directory, { recursive: true });
});

if (
  isPresent("native/python", await testedAvailability(runtime, "python")) &&
  isPresent("pip", await hasPythonModules("pip"))
) {
  await using python = await runtime.createEnvironment(configureEnvironment("python"));
  await writePackageIndex(directory, {
    python,
    distributions: [
      { name: "base", version: "1.0.0", source: "text = 'base 1.0'" },
      { name: "base", version: "2.0.0", source: "text = 'base 2.0'" },
      { name: "later", version: "1.0.0", source: "text = 'later'" },
      {
        name: "hostile",
        version: "1.0.0",
        source: "text = 'hostile'",
        files: { "hostile.pth": `import sys; ${PLANTED}`, "sitecustomize.py": PLANTED, "usercustomize.py": PLANTED },
      },
    ],
  });
  await Deno.mkdir(join(directory, "simple/source_only"), { recursive: true });
  const source = "source_only-1.0.0.tar.gz";
  await Deno.writeTextFile(join(directory, "simple/source_only", source), "no archive");
  await Deno.writeTextFile(join(directory, "simple/source_only/index.html"), `<a href="${source}">${source}</a>`);

  Deno.test("[native] packages: a cell imports what it has installed itself", async () => {
    await using environment = await open();
    await using contexts = new Contexts();
    const { id } = await contexts.open(environment, {
      language: "python",
      limits: DEFAULT_LIMITS,
      lifetimeMs: 60_000,
      createdAt: 0,
      memory: { [Symbol.dispose]() {} },
    });
    const { stderr, stdout, value } = await contexts.get(id).run({
      code: "!pip install later\nimport later\nlater.text",
    }, {
      limits: LIMITS,
      install: async (packages, { onOutput }) =>
        (await runProgram(environment, { kind: "install", packages }, { limits: LIMITS, onOutput })).exitCode ?? 1,
    });
    assertEquals([value, stderr], ["later", ""]);
    assertMatch(stdout, /Successfully installed later-1\.0\.0/);
  });

  Deno.test("[native] packages: what was installed is imported wherever Python runs, and stays as it is until it is replaced", async () => {
    await using environment = await open();
    assertEquals((await runCode(environment, "import base")).exitCode, 1);
    assertInstalled(await install(environment, "base==1.0.0"));
    assertEquals((await runCode(environment, "import base\nprint(base.text)")).stdout, "base 1.0\n");
    const child = "subprocess.run([sys.executable, '-I', '-c', 'import base; print(base.text)'])";
    assertEquals((await runCode(environment, `import subprocess, sys\n${child}`)).stdout, "base 1.0\n");
    const line = ["python3", "-c", "import base; print(base.text)"] as const;
    assertEquals((await runLine(environment, line)).stdout, "base 1.0\n");
    await using contexts = new Contexts();
    const { id } = await contexts.open(environment, {
      language: "python",
      limits: DEFAULT_LIMITS,
      lifetimeMs: 60_000,
      createdAt: 0,
      memory: { [Symbol.dispose]() {} },
    });
    const cell = await contexts.get(id).run({ code: "import base\nbase.text" }, { limits: DEFAULT_LIMITS });
    assertEquals(cell.value, "base 1.0");
    // Those that fail to install leave the ones before as they are.
    for (const name of ["missing", "source_only"]) {
      const { outcome, stderr } = await install(environment, name);
      assertEquals(outcome, { kind: "exited", exitCode: 1 });
      assertStringIncludes(stderr, "No matching distribution");
      assert(!stderr.includes(host.scratchDirectory ?? " "), stderr);
    }
    assertEquals((await runCode(environment, "import base\nprint(base.text)")).stdout, "base 1.0\n");
    // What is named again is replaced, and others come beside it; nothing of them runs by itself, and no program changes one.
    assertInstalled(await install(environment, "Base>=2", "hostile"));
    const { stdout } = await runCode(
      environment,
      "import base, hostile, subprocess, sys\nprint(base.text, hostile.text, flush=True)\nsubprocess.run([sys.executable, '-c', 'pass'])",
    );
    assertEquals(stdout, "base 2.0 hostile\n");
    const { stderr } = await runCode(environment, "import hostile\nopen(hostile.__file__, 'a')");
    assertMatch(stderr, /OSError: .*Read-only file system/);
  });

  Deno.test("[native] packages: what names an option, a path or a URL is refused", async () => {
    await using environment = await open();
    const texts = [
      "-rfile",
      "--pre",
      "./base",
      "base @ http://127.0.0.1/",
      "git+https://host/a",
      "a.whl",
      "a;b",
      "a\n-e .",
    ];
    for (const text of texts) {
      const error = await assertRejects(() => install(environment, text), CodeBeakerError);
      assertEquals(error.code, "invalid_request");
      assertStringIncludes(error.message, "Cannot install a package as it must be written");
    }
  });
}

function open(): Promise<ExecutionEnvironment> {
  return runtime.createEnvironment(configureEnvironment("python"));
}

function runLine(
  environment: ExecutionEnvironment,
  [command, ...args]: readonly [string, ...string[]],
): Promise<ProgramResult> {
  return runProgram(environment, { kind: "shell", command, args, workingDirectory: "." }, { limits: LIMITS });
}

function install(environment: ExecutionEnvironment, ...packages: string[]): Promise<ProgramResult> {
  return runProgram(environment, { kind: "install", packages }, { limits: LIMITS });
}

function assertInstalled({ outcome, stderr }: ProgramResult): void {
  assertEquals([outcome, stderr], [{ kind: "exited", exitCode: 0 }, ""]);
}

async function serveFile({ url }: Request): Promise<Response> {
  const path = new URL(url).pathname.replace(/\/$/, "/index.html");
  try {
    const type = path.endsWith(".html") ? "text/html" : "application/octet-stream";
    return new Response(await Deno.readFile(join(directory, path)), { headers: { "content-type": type } });
  } catch {
    return new Response("Not Found", { status: 404 });
  }
}
