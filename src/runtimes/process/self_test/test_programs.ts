import { join } from "@std/path";
import type { CanaryFinding } from "../../../core/diagnosis.ts";
import { fingerprintOf } from "../../../core/fingerprint.ts";
import { DEFAULT_LIMITS } from "../../../core/limits.ts";
import { countConnections } from "../../../host/count_connections.ts";
import { ownVariables } from "../../../host/own_process.ts";
import { encodeTar } from "../../../workspace/archive/tar.ts";
import type { Confinement } from "../../../sandbox/confinement.ts";
import type { ExecutionEnvironment, RuntimeConfig } from "../../port.ts";
import { judge } from "../../self_test/canary.ts";
import { runProgram, type TestProgram } from "../../self_test/run_program.ts";
import { bareConfig } from "../bare_config.ts";
import type { Installation } from "../installation.ts";
import { canariesOf, type TestedSpec } from "./layer_canaries.ts";
import type { CanaryTargets, ProgramCanary } from "./program_canary.ts";
import type { ProcessSpec, SelfTestSpec } from "../spec.ts";

/**
 * How long a program may take. All those of a language run at the same time, and one that a busy machine keeps from its end
 * would lower the level for as long as the service runs. A binary that hangs has been found before.
 */
const TIMEOUT_MS = 20_000;
/** The memory limit of a program. It is low, so that a program reaches it soon. */
const MEMORY_MB = 96;

/** Stands for the targets where canaries are written as text. */
const SHOWN_TARGETS: CanaryTargets = {
  secretPath: "/secret",
  secret: "",
  hidesFiles: true,
  port: 1,
  connections: () => 0,
  ownVariables: [],
};

/** The way in which a self-test makes environments. */
export interface SelfTestOptions {
  createEnvironment(config: RuntimeConfig): Promise<ExecutionEnvironment>;
  readonly signal: AbortSignal;
}

/** Runs the canaries of a runtime. Their targets are a file and a port of this machine. */
export async function testPrograms(
  { host: { confinement }, scratchDirectory, spec }: Installation,
  options: SelfTestOptions,
): Promise<CanaryFinding[]> {
  const secret = crypto.randomUUID();
  const secretPath = join(scratchDirectory, `canary_${crypto.randomUUID()}.txt`);
  await Deno.writeTextFile(secretPath, secret, { mode: 0o644 });
  await using listener = countConnections(["127.0.0.1"]);
  try {
    const targets = {
      secretPath,
      secret,
      hidesFiles: confinement.hidesFiles,
      port: listener.addresses[0]?.port ?? 0,
      connections: listener.connections,
      ownVariables: ownVariables({ except: spec.selfTest.variableNames }),
    };
    const { language } = spec.selfTest;
    return await runCanaries({ canaries: canariesOf(spec, confinement), language }, targets, options);
  } finally {
    await Deno.remove(secretPath);
  }
}

/** Runs all canaries at the same time, each in an environment of its own. */
export function runCanaries(
  { canaries, language, timeoutMs = TIMEOUT_MS }: Pick<SelfTestSpec, "canaries" | "language"> & {
    readonly timeoutMs?: number;
  },
  targets: CanaryTargets,
  { createEnvironment, signal }: SelfTestOptions,
): Promise<CanaryFinding[]> {
  return judge(canaries, async (canary) => {
    const own = "limits" in canary ? canary.limits : {};
    const limits = { ...DEFAULT_LIMITS, timeoutMs, memoryMb: MEMORY_MB, ...own };
    await using environment = await createEnvironment(bareConfig(language, limits));
    const links = "links" in canary ? canary.links?.(targets) : undefined;
    if (links !== undefined) await environment.files.unpack(encodeTar(symlinks(links)));
    const program = "line" in canary ? shellProgram(canary.line) : {
      files: canary.files(targets),
      program: { kind: "file", path: environment.mainFile(), args: [] } as const,
    };
    const observed = await runProgram(environment, program, { limits, signal });
    const { children = [] } = await environment.files.list(".", { maxDepth: 1 });
    return { ...observed, targets, fileNames: children.map(({ name }) => name) };
  });
}

function shellProgram(line: string): TestProgram {
  return { program: { kind: "shell", command: "sh", args: ["-c", line], workingDirectory: "." } };
}

/** The programs that a self-test has tested. */
export interface TestedPrograms extends Pick<Installation, "binary"> {
  readonly confinement: Pick<Confinement, "canMount" | "isSandbox" | "version">;
  readonly spec: TestedSpec & Pick<ProcessSpec, "modules">;
}

/**
 * A fingerprint of everything that findings depend on. That is the machine, its layers, the binary, its modules and the
 * canaries.
 */
export function versionOf({ binary, confinement, spec }: TestedPrograms): string {
  const { mtime, size } = Deno.statSync(binary);
  return fingerprintOf([
    Deno.osRelease(),
    confinement.version,
    [size, mtime?.getTime()],
    spec.modules,
    spec.selfTest.version,
    canariesOf(spec, confinement).map(textOf),
  ]);
}

/** A canary as text, with the program that it runs against the same targets everywhere. */
function textOf(canary: ProgramCanary): readonly unknown[] {
  const { fault, name, promise, cost } = canary;
  const program = "line" in canary
    ? canary.line
    : [canary.files(SHOWN_TARGETS), canary.links?.(SHOWN_TARGETS), canary.limits];
  return [name, promise, cost, program, String(fault)];
}

async function* symlinks(links: Readonly<Record<string, string>>) {
  for (const [path, target] of Object.entries(links)) {
    yield { path, type: "symlink", target, mode: 0o777, modifiedMs: 0 } as const;
  }
}
