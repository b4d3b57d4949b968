import { join, toFileUrl } from "@std/path";
import { DEFAULT_LIMITS } from "../src/core/limits.ts";
import { NO_PERMISSIONS } from "../src/core/permissions/permissions.ts";
import bootSource from "../src/runtimes/deno/boot.js" with { type: "text" };
import startSource from "../src/runtimes/deno/start.js" with { type: "text" };
import { childVariables } from "../src/runtimes/deno/child_variables.ts";
import { permissionFlags } from "../src/runtimes/deno/permission_flags.ts";
import { median, printTable } from "./table.ts";

const STARTS = 60;
const ACCESSES = 100_000;
const NPM_REGISTRY = "http://localhost/";

/** A boot module that reports no denials, only that the program may begin. */
const SILENT_BOOT = `Deno.stderr.writeSync(new Uint8Array([0, 7, 0]));
import(import.meta.url.slice(import.meta.url.indexOf("?") + 1)).then(() => dispatchEvent(new Event("load")));`;

/** The message that start.js waits for, and the last output of each program. */
const GO = new Uint8Array([10]);
const SAID = "done\n";

const PROGRAMS = {
  hello: 'console.log("done");',
  reads: `for (let i = 0; i < ${ACCESSES}; i++) Deno.statSync("reads.ts"); console.log("done");`,
  denials:
    `for (let i = 0; i < ${ACCESSES}; i++) { try { Deno.statSync("/etc/passwd"); } catch {} } console.log("done");`,
} as const;

/** Measures the cost of reporting denials, by start.js or Deno's audit log, with places and without. */
export async function benchDenials(): Promise<void> {
  const directory = await Deno.makeTempDir();
  const audit = { DENO_AUDIT_PERMISSIONS: join(directory, "audit.jsonl") };
  const contenders = [
    { name: "no report", boot: SILENT_BOOT, env: {} },
    { name: "start.js (chosen)", boot: bootSource, env: {} },
    { name: "audit log", boot: SILENT_BOOT, env: audit },
    { name: "audit log with places", boot: SILENT_BOOT, env: { ...audit, DENO_TRACE_PERMISSIONS: "1" } },
  ];
  await Deno.writeTextFile(join(directory, "start.js"), startSource.replaceAll(/^\/\*\*.*?\*\/$/gms, ""));
  for (const [name, code] of Object.entries(PROGRAMS)) await Deno.writeTextFile(join(directory, `${name}.ts`), code);
  const starts = contenders.map((): number[] => []);
  for (let turn = 0; turn < STARTS; turn++) {
    for (const [index, contender] of contenders.entries()) {
      starts[index]?.push(await timeRun(directory, { ...contender, program: "hello" }));
    }
  }
  const rows = [];
  for (const [index, contender] of contenders.entries()) {
    const hello = median(starts[index] ?? []);
    const reads = await timeRun(directory, { ...contender, program: "reads" });
    const denials = await timeRun(directory, { ...contender, program: "denials" });
    rows.push({
      name: contender.name,
      cells: [`${hello.toFixed(1)} ms`, `${reads.toFixed(0)} ms`, `${denials.toFixed(0)} ms`],
    });
  }
  await Deno.remove(directory, { recursive: true });
  const each = ACCESSES.toLocaleString("en");
  printTable("Reporting denials on Deno", ["contender", "cold start", `${each} accesses`, `${each} denials`], rows);
}

async function timeRun(
  directory: string,
  { boot, env, program }: {
    readonly boot: string;
    readonly env: Readonly<Record<string, string>>;
    readonly program: keyof typeof PROGRAMS;
  },
): Promise<number> {
  const bootPath = join(directory, "boot.js");
  await Deno.writeTextFile(bootPath, boot);
  const [temporaryDirectory, cacheDirectory] = [join(directory, "tmp"), join(directory, "deno_dir")];
  const flags = permissionFlags({
    workspace: directory,
    temporaryDirectory,
    permissions: NO_PERMISSIONS,
    variables: [],
    limits: DEFAULT_LIMITS,
    openNetworks: [],
    ownAddresses: [],
    detectCommonJs: false,
    npmRegistry: NPM_REGISTRY,
  });
  const startedAt = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, `${toFileUrl(bootPath).href}?${toFileUrl(join(directory, `${program}.ts`)).href}`],
    cwd: directory,
    clearEnv: true,
    env: {
      ...childVariables({ temporaryDirectory, cacheDirectory, hasNetwork: false, npmRegistry: NPM_REGISTRY }),
      ...env,
    },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(GO);
  await writer.close();
  const { stdout, success } = await child.output();
  const isRun = success && new TextDecoder().decode(stdout).startsWith(SAID);
  if (!isRun) throw new Error("The run failed");
  return performance.now() - startedAt;
}
