import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import project from "../../deno.json" with { type: "json" };
import type { Availability } from "../../src/core/capabilities.ts";
import { openService } from "../support/own_service.ts";
import { isPresent } from "../support/requirements.ts";
import { PROJECT } from "../support/service_process.ts";
import { withoutProjectVariables } from "../support/variables.ts";

const FOLDER = join(PROJECT, "client/python");
/** The machine's own Python, as pip installs for it. */
const PYTHON = "/usr/bin/python3";

interface Ran {
  readonly success: boolean;
  readonly printed: string;
}

async function runPython(args: readonly string[], { cwd = FOLDER, env = {} } = {}): Promise<Ran> {
  const { success, stderr, stdout } = await new Deno.Command(PYTHON, {
    args: ["-B", ...args],
    cwd,
    clearEnv: true,
    env: { ...withoutProjectVariables(), ...env },
    stdin: "null",
  }).output();
  return { success, printed: [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("") };
}

/** Whether Python has these modules. */
async function moduleAvailability(...modules: readonly string[]): Promise<Availability> {
  try {
    const { success, printed } = await runPython(["-c", `import ${modules.join(", ")}`]);
    return success ? { available: true } : { available: false, reason: printed.trim().split("\n").at(-1) ?? "" };
  } catch {
    return { available: false, reason: `there is no ${PYTHON}` };
  }
}

if (isPresent("python3", await moduleAvailability("unittest"))) {
  Deno.test("the Python client passes its tests, against scripted services and a real one", async () => {
    await using service = await openService();
    const { success, printed } = await runPython(["-m", "unittest"], { env: { CODEBEAKER_URL: service.url } });
    assert(success, printed);
    assert(/^OK$/m.test(printed), printed); // Nothing is skipped.
  });
}

if (isPresent("pip", await moduleAvailability("pip", "setuptools.build_meta"))) {
  Deno.test("pip installs the Python client from its folder, with the version of the service", async () => {
    const directory = await Deno.makeTempDir();
    try {
      for (const name of ["codebeaker.py", "pyproject.toml"]) {
        await Deno.copyFile(join(FOLDER, name), join(directory, name));
      }
      const offline = ["--no-index", "--no-build-isolation", "--no-deps", "--no-compile", "--root-user-action=ignore"];
      const install = ["-m", "pip", "install", "--quiet", ...offline, "--target", "installed", "."];
      assertEquals(await runPython(install, { cwd: directory }), { success: true, printed: "" });
      const show = "import codebeaker, importlib.metadata as m; print(codebeaker.__version__, m.version('codebeaker'))";
      const env = { PYTHONPATH: join(directory, "installed") };
      const { printed } = await runPython(["-c", show], { cwd: "/", env });
      assertEquals(printed, `${project.version} ${project.version}\n`);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
}
