import { join } from "@std/path";
import type { Availability, RuntimeCapabilities } from "../../core/capabilities.ts";
import type { CanaryFinding, Diagnosis } from "../../core/diagnosis.ts";
import { CodeBeakerError, messageOf } from "../../core/errors.ts";
import { DEFAULT_LIMITS } from "../../core/limits.ts";
import { NO_PERMISSIONS } from "../../core/permissions/permissions.ts";
import { brokenFindings, describeBrokenPromises } from "../self_test/findings.ts";
import { Probe } from "../self_test/probe.ts";
import { findingsOf, SelfTest, type SelfTestResult } from "../self_test/self_test.ts";
import type { Assessment, ExecutionEnvironment, ExecutionRuntime, RuntimeConfig, RuntimeHost } from "../port.ts";
import type { RuntimeFacts } from "../entry.ts";
import { leasedEnvironment } from "../warm/leased_environment.ts";
import bootSource from "./boot.js" with { type: "text" };
import { CANARIES } from "./canaries.ts";
import { DenoEnvironment } from "./deno_environment.ts";
import { diagnosisOf } from "./diagnosis.ts";
import { denoFacts } from "./facts.ts";
import type { DenoInstallation } from "./installation.ts";
import { INTERPRETER_MODULES } from "./interpreter_modules.ts";
import { isolationOf, whyNotHonoured } from "./isolation.ts";
import { testPrograms, versionOf } from "./self_test.ts";
import { stockWarm, takeWarm } from "./warm.ts";
import { findBinary, isFile, settingsOf } from "./settings.ts";
import startSource from "./start.js" with { type: "text" };

const PROBE = { ttlMs: 30_000, failureTtlMs: 1_000, timeoutMs: 2_000 };

/** The releases whose flags and defaults this runtime was tried with: 2.9 and later ones of 2. */
const OLDEST_MINOR = 9;

/** The runtime for one host. */
export function createDenoRuntime(host: RuntimeHost): ExecutionRuntime {
  return new DenoRuntime(host);
}

class DenoRuntime implements ExecutionRuntime {
  readonly name: string;
  readonly type: RuntimeFacts["type"];
  readonly supportedEnvironments: readonly string[];
  readonly #facts: RuntimeFacts;
  readonly #host: RuntimeHost;
  readonly #probe: Probe;
  #installation: Promise<DenoInstallation> | undefined;
  readonly #selfTest: SelfTest;

  constructor(host: RuntimeHost) {
    this.#host = host;
    this.#facts = denoFacts(host);
    this.name = this.#facts.name;
    this.type = this.#facts.type;
    this.supportedEnvironments = this.#facts.supportedEnvironments;
    this.#selfTest = new SelfTest({ ...host, subject: this.name });
    this.#probe = new Probe((signal) => this.#check(signal).catch(explainFailure), PROBE);
  }

  isAvailable(): Promise<Availability> {
    return this.#probe.answer();
  }

  getCapabilities(): RuntimeCapabilities {
    return this.#facts.capabilities;
  }

  async diagnose(): Promise<Diagnosis> {
    const { confinement } = this.#host;
    const isThere = await this.#installed().then(({ binary }) => isFile(binary), () => false);
    return diagnosisOf({ confinement, canaries: isThere ? await this.#findings() : undefined });
  }

  async assess({ permissions, runsMainFile }: RuntimeConfig): Promise<Assessment> {
    const { confinement } = this.#host;
    const cannotHonour = whyNotHonoured(permissions, confinement);
    return {
      isolation: isolationOf({ confinement, canaries: await this.#findings(), allowRun: permissions.allowRun }),
      ...(cannotHonour === undefined ? {} : { cannotHonour }),
      startsCold: runsMainFile === false,
    };
  }

  async createEnvironment(config: RuntimeConfig): Promise<ExecutionEnvironment> {
    const installation = await this.#installed();
    const lease = mayTakeWarm(config) ? await takeWarm(installation, config) : undefined;
    if (lease === undefined) return DenoEnvironment.create(installation, config);
    await using unwanted = new AsyncDisposableStack();
    unwanted.use(lease);
    if (config.singleUse !== true) await lease.member.makeLasting(config);
    unwanted.move();
    return leasedEnvironment(lease);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#selfTest[Symbol.asyncDispose]();
  }

  async #findings(): Promise<readonly CanaryFinding[]> {
    return findingsOf(await this.#selfTest.settled(() => this.#test()), CANARIES);
  }

  async #test(): Promise<SelfTestResult> {
    const installation = await this.#installed();
    const { signal } = this.#selfTest;
    const findings = await this.#selfTest.findings({
      version: versionOf(installation),
      canaries: CANARIES,
      run: () => testPrograms(installation, (config) => this.createEnvironment(config), { signal }),
    });
    return { kind: "tested", findings };
  }

  #installed(): Promise<DenoInstallation> {
    return this.#installation ??= this.#install().catch((cause: unknown) => {
      this.#installation = undefined; // It is tried again: what was in the way may be gone by then.
      throw cause;
    });
  }

  async #install(): Promise<DenoInstallation> {
    const { scratchDirectory } = this.#host;
    if (scratchDirectory === undefined) {
      throw new CodeBeakerError("runtime_unavailable", "no temporary directory can be made here");
    }
    const directory = join(scratchDirectory, "deno_modules");
    const [bootPath, startPath] = [join(directory, "boot.js"), join(directory, "start.js")];
    const interpreterPath = join(directory, "interpreter");
    const { denoBinary, npmRegistry } = settingsOf(this.#host);
    const found = findBinary({ binary: denoBinary, searchPath: this.#host.searchPath });
    try {
      await Deno.mkdir(interpreterPath, { recursive: true, mode: 0o711 });
      await Promise.all([
        Deno.writeTextFile(bootPath, withoutComments(bootSource), { mode: 0o644 }),
        Deno.writeTextFile(startPath, withoutComments(startSource), { mode: 0o644 }),
        ...Object.entries(INTERPRETER_MODULES).map(([name, source]) =>
          Deno.writeTextFile(join(interpreterPath, name), source, { mode: 0o644 })
        ),
      ]);
      const binary = this.#host.confinement.reachable(found);
      return { ...this.#host, scratchDirectory, bootPath, startPath, interpreterPath, npmRegistry, binary };
    } catch (cause) {
      throw new CodeBeakerError("runtime_unavailable", `Cannot prepare to run programs: ${messageOf(cause)}`, {
        cause,
      });
    }
  }

  /** An honest program runs on a release that is known, and no hostile one breaks what every level promises. */
  async #check(signal: AbortSignal): Promise<void> {
    const [findings] = await Promise.all([this.#findings(), this.#tryProgram(signal)]);
    const why = describeBrokenPromises(brokenFindings(findings, { canaries: CANARIES, cost: "runtime" }));
    if (why !== undefined) throw new Error(why);
    stockWarm(await this.#installed());
  }

  async #tryProgram(signal: AbortSignal): Promise<void> {
    const config: RuntimeConfig = {
      environment: "typescript",
      environmentVariables: {},
      resourceLimits: { ...DEFAULT_LIMITS, timeoutMs: PROBE.timeoutMs },
      permissions: NO_PERMISSIONS,
      minIsolation: 0,
      singleUse: true,
    };
    await using environment = await this.createEnvironment(config);
    await environment.files.write("main.ts", new TextEncoder().encode("console.log(Deno.version.deno)"));
    const run = await environment.run({ kind: "file", path: "main.ts", args: [] }, {
      env: {},
      limits: config.resourceLimits,
      signal,
    });
    let version = "";
    const decoder = new TextDecoder();
    for await (const { stream, bytes } of run.output) {
      if (stream === "stdout") version += decoder.decode(bytes, { stream: true });
    }
    const [major, minor] = version.trim().split(".").map(Number);
    if (major === 2 && minor !== undefined && minor >= OLDEST_MINOR) return;
    throw new Error(`Deno 2.${OLDEST_MINOR} or a later 2 is needed: found ${JSON.stringify(version.trim())}`);
  }
}

function explainFailure(error: unknown): never {
  if (!(error instanceof Deno.errors.NotCapable)) throw error;
  throw new Error(`the service needs --allow-all to start and confine programs (${error.message})`, { cause: error });
}

/** Deno looks for pragmas in comments, which costs every start 0.4 ms. */
function withoutComments(source: string): string {
  return source.replaceAll(/^\/\*\*.*?\*\/$/gms, "");
}

/** Whether what was made ahead of time may serve: for whatever comes in a session, or for one run of the main file. */
function mayTakeWarm({ runsMainFile, singleUse, startsCold, workspaceDirectory }: RuntimeConfig): boolean {
  return startsCold !== true && workspaceDirectory === undefined && (singleUse !== true || runsMainFile === true);
}
