import { type CanaryFinding, HONEST_CANARY } from "../../core/diagnosis.ts";
import { messageOf } from "../../core/errors.ts";
import type { Outcome } from "../../core/execution.ts";
import { DEFAULT_LIMITS, type Limits } from "../../core/limits.ts";
import { NO_PERMISSIONS } from "../../core/permissions/permissions.ts";
import { encodeTar } from "../../workspace/tar.ts";
import type { ExecutionEnvironment, RuntimeConfig } from "../port.ts";

/** How long one may take, in ms. */
const TIMEOUT_MS = 5_000;
/** Little, so that passing it takes little time. */
const MEMORY_MB = 96;

/** What canaries try to reach, and by which it is told from outside whether they did. */
export interface Bait {
  /** A file of the host that any user may read, and what stands in it. */
  readonly secretPath: string;
  readonly secret: string;
  /** Whether a layer hides it, so that not even a symlink that lies there already may lead to it. */
  readonly hidesFiles: boolean;
  /** A port of this machine at which the self-test listens. */
  readonly port: number;
  /** How often somebody has connected there. */
  connections(): number;
  /** What stands in the environment of the service itself, as NAME=value. */
  readonly ownVariables: readonly string[];
}

/** What came of a canary. */
interface Seen {
  readonly output: string;
  readonly outcome: Outcome;
  readonly files: ExecutionEnvironment["files"];
}

/** A program of the self-test. */
interface Canary {
  readonly name: string;
  readonly promise: string;
  /** Whether breaking the promise turns the runtime off; else it lowers its level. */
  readonly isVital: boolean;
  readonly files: (bait: Bait) => Readonly<Record<string, string>>;
  /** Symlinks that are planted, and where they lead. */
  readonly links?: (bait: Bait) => Readonly<Record<string, string>>;
  /** What was seen that breaks the promise; undefined where it was kept. */
  readonly fault: (seen: Seen, bait: Bait) => string | undefined | Promise<string | undefined>;
}

const tells = (what: string) => ({ output }: Seen, { secret }: Bait) => output.includes(secret) ? what : undefined;

/** SECURITY's kinds, and an honest program. */
export const CANARIES: readonly Canary[] = [
  {
    name: HONEST_CANARY,
    promise: "an honest program runs",
    isVital: true,
    files: () => ({ "main.ts": "console.log(6 * 7)" }),
    fault: ({ output, outcome }) =>
      output === "42\n" && outcome.kind === "exited" && outcome.exitCode === 0
        ? undefined
        : `it printed ${JSON.stringify(output.slice(0, 200))} and ended with ${JSON.stringify(outcome)}`,
  },
  {
    name: "static_import",
    promise: "an import reads no file of the host",
    isVital: true,
    files: ({ secretPath }) => ({
      "main.ts": `import text from ${JSON.stringify(secretPath)} with { type: "text" }; console.log(text)`,
    }),
    fault: tells("a static import read a file of the host"),
  },
  {
    name: "symlink",
    promise: "a symlink leads out of no workspace",
    isVital: true,
    files: ({ secretPath }) => ({
      "main.ts": `import { symlinkSync } from "node:fs";
await Deno.symlink(${JSON.stringify(secretPath)}, "own").catch(() => {});
try { symlinkSync(${JSON.stringify(secretPath)}, "own"); } catch { /* It was refused. */ }
for (const path of ["own", "planted"]) console.log(await Deno.readTextFile(path).catch(() => ""));`,
    }),
    links: ({ hidesFiles, secretPath }): Record<string, string> => hidesFiles ? { planted: secretPath } : {},
    fault: tells("a symlink led to a file of the host"),
  },
  {
    name: "workspace_config",
    promise: "nothing in a workspace configures a runtime",
    isVital: true,
    files: () => ({
      "deno.json": '{ "imports": { "canary": "./planted.ts" }, "tasks": { "main.ts": "echo planted" } }',
      "package.json": '{ "imports": { "#canary": "./planted.ts" }, "scripts": { "preinstall": "echo planted" } }',
      "planted.ts": 'console.log("planted")',
      "main.ts": 'await import("can" + "ary")',
    }),
    fault: ({ output }) => output.includes("planted\n") ? "a deno.json in the workspace was obeyed" : undefined,
  },
  {
    name: "network",
    promise: "nothing is reached over the network",
    isVital: true,
    files: ({ port }) => ({
      "main.ts": `import * as net from "node:net";
await Deno.connect({ port: ${port} }).catch(() => {});
await fetch("http://127.0.0.1:${port}/").catch(() => {});
await new Promise((over) => { try { net.connect(${port}, "127.0.0.1").on("error", over).on("connect", over); } catch { over(); } });`,
    }),
    fault: (_, { connections }) => connections() > 0 ? "a program connected to this machine" : undefined,
  },
  {
    name: "environment",
    promise: "no variable of the service is seen",
    isVital: true,
    files: () => ({
      "main.ts": `import process from "node:process";
console.log(JSON.stringify([{ ...process.env }]));
for (const path of ["/proc/self/environ", "/proc/1/environ"]) console.log(await Deno.readTextFile(path).catch(() => ""));`,
    }),
    fault: ({ output }, { ownVariables }) => {
      const seen = ownVariables.map((variable) => [variable, variable.slice(0, variable.indexOf("="))] as const)
        .find(([variable, name]) =>
          output.includes(`${variable}\0`) ||
          output.includes(`${JSON.stringify(name)}:${JSON.stringify(variable.slice(name.length + 1))}`)
        );
      return seen === undefined ? undefined : `the service's own ${seen[1]} was seen`;
    },
  },
  {
    name: "process",
    promise: "no other program is started",
    isVital: true,
    files: () => ({
      "main.ts": `import { spawnSync } from "node:child_process";
const { Command } = Deno;
await new Command("/bin/sh", { args: ["-c", ": >started"] }).output().catch(() => {});
try { spawnSync("/bin/sh", ["-c", ": >started"]); } catch { /* It was refused. */ }`,
    }),
    fault: async ({ files }) =>
      await files.stat("started").then(() => "a program started another one", () => undefined),
  },
  {
    name: "memory",
    promise: "no more memory is used than the limit says",
    isVital: false,
    files: () => ({
      "main.ts":
        "const all = []; for (let n = 0; n < 64; n++) all.push(new Uint8Array(16e6).fill(1)); console.log(all.length)",
    }),
    fault: ({ outcome }) => outcome.kind === "memory_limit" ? undefined : `it ended with ${JSON.stringify(outcome)}`,
  },
];

/** The findings that turn the runtime off: of every promise that is vital, those that are not known to be kept. */
export function brokenVital(findings: readonly CanaryFinding[]): CanaryFinding[] {
  return CANARIES.filter(({ isVital }) => isVital).flatMap(({ name, promise }) => {
    const finding = findings.find((one) => one.name === name) ?? { name, promise, kept: false };
    return finding.kept ? [] : [finding];
  });
}

/** Runs every canary, all at the same time, each in an environment of its own. */
export function runCanaries(
  createEnvironment: (config: RuntimeConfig) => Promise<ExecutionEnvironment>,
  bait: Bait,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<CanaryFinding[]> {
  const limits = { ...DEFAULT_LIMITS, timeoutMs: TIMEOUT_MS, memoryMb: MEMORY_MB };
  const config = {
    environment: "typescript",
    environmentVariables: {},
    resourceLimits: limits,
    permissions: NO_PERMISSIONS,
    minIsolation: 0,
    singleUse: true,
  };
  return Promise.all(CANARIES.map(async (canary) => {
    const { name, promise } = canary;
    try {
      await using environment = await createEnvironment(config);
      const detail = await canary.fault(await run(canary, { environment, bait, limits, signal }), bait);
      return { name, promise, kept: detail === undefined, ...(detail === undefined ? {} : { detail }) };
    } catch (error) {
      return { name, promise, kept: false, detail: messageOf(error) };
    }
  }));
}

async function run(
  { files, links }: Canary,
  { environment, bait, limits, signal }: {
    readonly environment: ExecutionEnvironment;
    readonly bait: Bait;
    readonly limits: Limits;
    readonly signal: AbortSignal | undefined;
  },
): Promise<Seen> {
  for (const [path, text] of Object.entries(files(bait))) {
    await environment.files.write(path, new TextEncoder().encode(text));
  }
  if (links !== undefined) await environment.files.unpack(encodeTar(linksOf(links(bait))));
  const handle = await environment.run({ kind: "file", path: "main.ts", args: [] }, {
    env: {},
    limits,
    ...(signal === undefined ? {} : { signal }),
  });
  let output = "";
  const decoder = new TextDecoder();
  for await (const { bytes } of handle.output) output += decoder.decode(bytes, { stream: true });
  return { output, outcome: await handle.outcome, files: environment.files };
}

async function* linksOf(links: Readonly<Record<string, string>>) {
  for (const [path, target] of Object.entries(links)) {
    yield { path, type: "symlink", target, mode: 0o777, modifiedMs: 0 } as const;
  }
}
