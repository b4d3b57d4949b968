import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { Availability } from "../../src/core/capabilities.ts";
import { JUPYTER_MODULES, jupyterAvailability } from "./jupyter_server.ts";
import { hasPythonModules } from "./python_modules.ts";
import { withoutProjectVariables } from "./variables.ts";

/** Whether Debian's nbconvert is here, with a kernel of its own, and the gateway's client of jupyter-server. */
export async function hasNbconvert(): Promise<Availability> {
  const modules = await hasPythonModules("nbconvert", "ipykernel", "matplotlib_inline");
  return modules.available ? jupyterAvailability() : modules;
}

/**
 * Executes cells as a notebook with nbconvert, with ipykernel or with a gateway; returns each cell's outputs.
 *
 * @throws {AssertionError} when a cell fails
 */
export async function executeNotebook(
  cells: readonly string[],
  { gateway }: { readonly gateway?: string } = {},
): Promise<readonly (readonly unknown[])[]> {
  const home = await Deno.makeTempDir();
  try {
    const base = { cell_type: "code", execution_count: null, metadata: {}, outputs: [] };
    const notebook = {
      ...{ nbformat: 4, nbformat_minor: 5 },
      metadata: { kernelspec: { name: "python3", display_name: "Python 3", language: "python" } },
      cells: cells.map((source, index) => ({ id: `c${index}`, ...base, source })),
    };
    await Deno.writeTextFile(join(home, "a.ipynb"), JSON.stringify(notebook));
    const manager = "jupyter_server.gateway.managers.GatewayKernelManager";
    const { stderr, success } = await new Deno.Command("/usr/bin/python3", {
      args: [
        ...["-m", "nbconvert", "--to", "notebook", "--execute", "a.ipynb", "--output", "b.ipynb"],
        ...(gateway === undefined ? [] : [`--ExecutePreprocessor.kernel_manager_class=${manager}`]),
      ],
      cwd: home,
      clearEnv: true,
      env: {
        ...{ ...withoutProjectVariables(), HOME: home },
        ...(gateway === undefined ? {} : { JUPYTER_GATEWAY_URL: gateway, PYTHONPATH: JUPYTER_MODULES }),
      },
      stdin: "null",
    }).output();
    assertEquals(success, true, new TextDecoder().decode(stderr));
    const executed = JSON.parse(await Deno.readTextFile(join(home, "b.ipynb")));
    return executed.cells.map(({ outputs }: { outputs: Output[] }) => joinStreams(outputs));
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

/** An output of a notebook; a stream has lines of text. */
interface Output {
  readonly output_type: string;
  readonly name?: string;
  readonly text?: readonly string[];
}

/** Joins what follows on the same stream, as JupyterLab shows it: how a kernel cuts it depends on the time. */
function joinStreams(outputs: readonly Output[]): Output[] {
  const joined: Output[] = [];
  for (const output of outputs) {
    const last = joined.at(-1);
    const isSame = output.output_type === "stream" && last?.output_type === "stream" && last.name === output.name;
    const text = [(isSame ? last.text ?? [] : []).join(""), (output.text ?? []).join("")].join("");
    if (isSame) joined.pop();
    joined.push(output.output_type === "stream" ? { ...output, text: [text] } : output);
  }
  return joined;
}
