import { assert } from "@std/assert";
import type { Execution } from "../../src/core/execution.ts";
import { create as createNativeRuntime } from "../../src/runtimes/native/mod.ts";
import { native } from "../../src/runtimes/native/entry.ts";
import { createRuntimes } from "../../src/runtimes/registry.ts";
import { ApiClient } from "../support/api_client.ts";
import { OpenContext } from "../support/open_context.ts";
import { openService } from "../support/own_service.ts";
import { isPresent, testedAvailability } from "../support/requirements.ts";
import { openRuntimeHost } from "../support/runtime_host.ts";

/** What a cell gives: its status, its output, and the text of its value. */
interface CellResult {
  readonly status: string;
  readonly printed: string;
  readonly value: string | null;
}

/** Notebooks of Debian's packages of documentation, beside our own. */
const DOCUMENTATION = ["python-notebook-doc", "python-pint-doc"];
/** The least share of the cells that IPython runs. */
const MIN_SHARE = 0.95;
const OWN = new URL("notebooks/", import.meta.url);

await using host = await openRuntimeHost();
if (
  isPresent("native/python", await testedAvailability(createNativeRuntime(host), "python")) &&
  isPresent("ipykernel", await ipythonAvailability())
) {
  Deno.test("cells of notebooks that IPython runs also run here", async () => {
    const notebooks = [...await ownNotebooks(), ...await publicNotebooks()];
    await using service = await openService({}, { createRuntimes: (host) => createRuntimes(host, [native]) });
    const client = new ApiClient(service);
    let [run, alike, same] = [0, 0, 0];
    const failures: string[] = [];
    for (const { cells, name } of notebooks) {
      const [expected, found] = [await runInIpython(cells), await runHere(client, cells)];
      for (const [index, code] of cells.entries()) {
        const [theirs, ours] = [expected[index], found[index]];
        if (theirs?.status !== "ok" || ours === undefined) continue;
        run++;
        if (ours.status !== "ok") {
          failures.push(`${name} ${index}: ${code}\n  ${ours.printed}`);
          continue;
        }
        alike++;
        if (textOf(theirs) === textOf(ours)) same++;
      }
    }
    const figure = `${notebooks.length} notebooks: ${alike} of ${run} cells run here, ${same} with the same text`;
    await Deno.stdout.write(new TextEncoder().encode([figure, ...failures, ""].join("\n")));
    assert(alike >= MIN_SHARE * run, failures.join("\n"));
  });
}

/** The cells of code of every notebook of ours. */
async function ownNotebooks() {
  const names = [...Deno.readDirSync(OWN)].map(({ name }) => name).filter((name) => name.endsWith(".ipynb"));
  return await Promise.all(
    names.map(async (name) => ({ name, cells: cellsOf(await Deno.readTextFile(new URL(name, OWN))) })),
  );
}

/** Notebooks of packages that apt can fetch; none where it reaches no archive. */
async function publicNotebooks() {
  const directory = await Deno.makeTempDir();
  try {
    const all = [];
    for (const name of DOCUMENTATION) {
      if (!await succeeds("apt-get", ["download", "-o", "APT::Sandbox::User=root", name], directory)) continue;
      await succeeds("sh", [
        "-c",
        `dpkg-deb -x ${name}_*.deb ${name} && find ${name} -name '*.ipynb.gz' -exec gunzip -f {} +`,
      ], directory);
      const found = await output("find", [name, "-type", "f", "-name", "*.ipynb"], directory);
      for (const path of found.trim().split("\n").filter((path) => path !== "" && !path.includes("_sources"))) {
        all.push({ name: path, cells: cellsOf(await Deno.readTextFile(`${directory}/${path}`)) });
      }
    }
    return all.filter(({ cells }) => cells.length > 0);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function cellsOf(text: string): string[] {
  const { cells = [] } = JSON.parse(text);
  return cells.filter((cell: { cell_type: string }) => cell.cell_type === "code")
    .map(({ source }: { source: string | string[] }) => typeof source === "string" ? source : source.join(""))
    .filter((source: string) => source.trim() !== "");
}

async function runInIpython(cells: readonly string[]): Promise<CellResult[]> {
  const cwd = await Deno.makeTempDir();
  try {
    const program = new URL("notebooks/ipython.py", import.meta.url).pathname;
    const command = new Deno.Command("/usr/bin/python3", {
      args: [program],
      cwd,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    });
    await using process = command.spawn();
    const writer = process.stdin.getWriter();
    await writer.write(new TextEncoder().encode(JSON.stringify(cells)));
    await writer.close();
    return JSON.parse(await new Response(process.stdout).text());
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
}

async function runHere(client: ApiClient, cells: readonly string[]): Promise<CellResult[]> {
  const limits = { memoryMb: 1024, cpuMs: 60_000 };
  const session = await client.openSession({ language: "python", limits, permissions: {} });
  let context = await OpenContext.open(client, session.id);
  const results: CellResult[] = [];
  for (const code of cells) {
    const cell = await context.run(code, { timeoutMs: 15_000 });
    results.push(resultOf(cell));
    if (cell.contextLost) context = await OpenContext.open(client, session.id);
  }
  await client.status("DELETE", `/v1/sessions/${session.id}`);
  return results;
}

function resultOf({ outcome, stderr, stdout, text }: Execution): CellResult {
  const isRun = outcome.kind === "exited" && outcome.exitCode === 0;
  return { status: isRun ? "ok" : outcome.kind, printed: stdout + stderr, value: text ?? null };
}

/** The text of a cell without the widths of lines: IPython breaks long values, and its commands have a terminal. */
function textOf({ printed, value }: CellResult): string {
  return `${printed} ${value ?? ""}`.replaceAll(/\s+/g, " ").trim();
}

async function ipythonAvailability() {
  const isThere = await succeeds("/usr/bin/python3", ["-c", "import ipykernel, jupyter_client"], ".");
  return isThere ? { available: true } as const : { available: false, reason: "ipykernel is not installed" } as const;
}

async function succeeds(command: string, args: readonly string[], cwd: string): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(command, { args: [...args], cwd, stdout: "null", stderr: "null" })
      .output();
    return success;
  } catch {
    return false; // The command is not there.
  }
}

async function output(command: string, args: readonly string[], cwd: string): Promise<string> {
  const { stdout } = await new Deno.Command(command, { args: [...args], cwd, stderr: "null" }).output();
  return new TextDecoder().decode(stdout);
}
