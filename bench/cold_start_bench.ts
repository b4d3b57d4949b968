import { join, toFileUrl } from "@std/path";
import { DEFAULT_LIMITS } from "../src/core/limits.ts";
import { NO_PERMISSIONS } from "../src/core/permissions/permissions.ts";
import { childVariables } from "../src/runtimes/deno/child_variables.ts";
import { permissionFlags } from "../src/runtimes/deno/permission_flags.ts";
import { startServiceProcess } from "../tests/support/service_process.ts";
import { PROGRAMS } from "./programs.ts";
import { median, printTable } from "./table.ts";

/** Contenders take turns in blocks, so that each is warmed up and drift of the machine affects both. */
const BLOCKS = 12;
const BLOCK_SIZE = 10;
/** Never contacted: the program imports no package. */
const NPM_REGISTRY = "http://localhost/";
/** A program's view: the file systems, and neither processes nor network of the machine. */
const BUBBLEWRAP = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--ro-bind", "/", "/"].concat(
  ["--proc", "/proc", "--dev", "/dev"],
);

/** Compares a cold one-shot over HTTP with a bare `deno run`: same flags, same environment, fresh caches. */
export async function benchColdStart(): Promise<void> {
  await using service = await startServiceProcess(["--log-level", "warning", "--warm-max", "0"]);
  const directory = await Deno.makeTempDir();
  const samples = { bare: [] as number[], http: [] as number[] };
  for (let round = 0; round < BLOCKS * BLOCK_SIZE; round++) {
    if (round % BLOCK_SIZE === 0) await timeHttp(service.url);
    samples.http.push(await timeHttp(service.url));
    if (round % BLOCK_SIZE < BLOCK_SIZE - 1) continue;
    for (let turn = 0; turn < BLOCK_SIZE; turn++) {
      samples.bare.push(await timeBare(directory, round * BLOCK_SIZE + turn));
    }
  }
  await Deno.remove(directory, { recursive: true });
  const [bare, http] = [median(samples.bare), median(samples.http)];
  printTable("Cold start of a TypeScript program", ["contender", "p50", "ratio"], [
    { name: "bare `deno run`, same flags, environment and fresh DENO_DIR", cells: [`${bare.toFixed(1)} ms`, "1.00"] },
    { name: "one-shot over HTTP (bound: 1.3)", cells: [`${http.toFixed(1)} ms`, (http / bare).toFixed(2)] },
  ]);
}

/**
 * The whole life: making the directory and the file belongs to the work, as it does for the service.
 *
 * @param options.isWrapped within bubblewrap, everything unshared, as the service's own programs are
 */
export async function timeBare(
  directory: string,
  round: number,
  { isWrapped = false }: { readonly isWrapped?: boolean } = {},
): Promise<number> {
  const startedAt = performance.now();
  const environment = join(directory, String(round));
  const workspace = join(environment, "workspace");
  await Deno.mkdir(workspace, { recursive: true });
  const main = join(workspace, "main.ts");
  await Deno.writeTextFile(main, PROGRAMS.typescript);
  const wrapper = isWrapped ? [...BUBBLEWRAP, "--bind", environment, environment, "--"] : [];
  const [file = "", ...args] = [...wrapper, Deno.execPath(), "run", ...bareFlags(environment), toFileUrl(main).href];
  const { success } = await new Deno.Command(file, {
    args,
    cwd: workspace,
    clearEnv: true,
    env: bareEnvironment(environment),
    stdin: "null",
  }).output();
  if (!success) throw new Error("The bare run failed");
  return performance.now() - startedAt;
}

/** The flags of the service's own programs, for one that works in a directory. */
export function bareFlags(directory: string): string[] {
  return permissionFlags({
    workspace: join(directory, "workspace"),
    temporaryDirectory: join(directory, "tmp"),
    permissions: NO_PERMISSIONS,
    variables: ["TMPDIR"],
    limits: DEFAULT_LIMITS,
    openNetworks: [],
    ownAddresses: [],
    detectCommonJs: false,
    npmRegistry: NPM_REGISTRY,
  });
}

/** Their variables. */
export function bareEnvironment(directory: string): Record<string, string> {
  const variables = childVariables({
    temporaryDirectory: join(directory, "tmp"),
    cacheDirectory: join(directory, "deno_dir"),
    hasNetwork: false,
    npmRegistry: NPM_REGISTRY,
  });
  return { NO_COLOR: "1", ...variables };
}

export async function timeHttp(url: string): Promise<number> {
  const startedAt = performance.now();
  const response = await fetch(`${url}/v1/executions`, {
    method: "POST",
    body: JSON.stringify({ language: "typescript", code: PROGRAMS.typescript }),
  });
  const { exitCode } = await response.json();
  if (exitCode !== 0) throw new Error("The execution failed");
  return performance.now() - startedAt;
}
