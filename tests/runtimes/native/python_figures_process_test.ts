import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Context } from "../../../src/contexts/context.ts";
import { runProgram } from "../../../src/commands/mod.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { create } from "../../../src/runtimes/native/mod.ts";
import type { ExecutionEnvironment } from "../../../src/runtimes/port.ts";
import { configureEnvironment } from "../../support/configure_environment.ts";
import { hasPythonModules } from "../../support/python_modules.ts";
import { isPresent, testedAvailability } from "../../support/requirements.ts";
import { openRuntimeHost } from "../../support/runtime_host.ts";

// Debian's matplotlib finds its files in the sandbox, and its figures come to the user.

/** matplotlib takes seconds to load where the machine is busy, and more memory than most programs. */
const LIMITS = { ...DEFAULT_LIMITS, timeoutMs: 60_000, memoryMb: 512 };
const PNG = [0x89, 0x50, 0x4e, 0x47];

const host = await openRuntimeHost();
const runtime = create(host);
Deno.test.afterAll(async () => await host[Symbol.asyncDispose]());
if (
  isPresent("native/python", await testedAvailability(runtime, "python")) &&
  isPresent("matplotlib", await hasPythonModules("matplotlib"))
) {
  Deno.test("[native/python] show() of a program leaves files, and nothing else is left in the workspace", async () => {
    await using environment = await runtime.createEnvironment(configureEnvironment("python"));
    const code = [
      "import matplotlib.pyplot as plt",
      "plt.plot([1, 2])",
      "plt.show()",
      "plt.figure()",
      "plt.bar(['a'], [1])",
      "plt.show()",
      "import os",
      "print(sorted(os.listdir()))",
    ].join("\n");
    const { stderr, stdout } = await run(environment, code);
    assertEquals(
      stderr,
      "matplotlib: show() has written figure-1.png\nmatplotlib: show() has written figure-2.png\n",
    );
    assertEquals(stdout, "['figure-1.png', 'figure-2.png', 'main.py']\n");
    const image = new Uint8Array(await new Response(await environment.files.read("figure-2.png")).arrayBuffer());
    assertEquals([...image.subarray(0, 4)], PNG);
  });

  Deno.test("[native/python] a cell displays its figures as PNG, also where a program of its own draws too", async () => {
    await using environment = await runtime.createEnvironment(configureEnvironment("python"));
    const life = { ...LIMITS, maxTotalOutputBytes: Number.MAX_SAFE_INTEGER };
    const handle = await environment.run({ kind: "context", language: "python" }, { env: {}, limits: life });
    const context = new Context({ id: "ctx_1", language: "python", createdAt: "2026-01-01T00:00:00.000Z" }, handle);
    try {
      const cell = (code: string) => context.run({ code }, { limits: LIMITS });
      await cell("");
      const { displays = [], value } = await cell(
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.get_fignums()",
      );
      const [figure] = displays;
      assertEquals([displays.length, value, figure?.["text/plain"]], [
        1,
        [1],
        "<Figure size 640x480 with 1 Axes>",
      ]);
      assertEquals([...atob(String(figure?.["image/png"])).slice(1, 4)].join(""), "PNG");
      const program = `import matplotlib.pyplot as p; p.plot([1]); p.show()`;
      const { stdout } = await cell(
        `import subprocess, sys\nprint(subprocess.run([sys.executable, "-c", "${program}"], capture_output=True).stderr)`,
      );
      assertStringIncludes(stdout, "show() has written figure-1.png");
    } finally {
      await context.close();
    }
  });
}

if (
  isPresent("native/python", await testedAvailability(runtime, "python")) &&
  isPresent("pip", await hasPythonModules("pip"))
) {
  Deno.test("[native/python] pip within a program says how packages are installed here", async () => {
    await using environment = await runtime.createEnvironment(configureEnvironment("python"));
    const code = "import subprocess, sys\nsubprocess.run([sys.executable, '-m', 'pip', 'install', 'numpy'])";
    assertMatch((await run(environment, code)).stderr, /externally-managed-environment[^]*install_packages/);
  });
}

async function run(environment: ExecutionEnvironment, code: string) {
  await environment.files.write("main.py", new TextEncoder().encode(code));
  return await runProgram(environment, { kind: "file", path: "main.py", args: [] }, { limits: LIMITS });
}
