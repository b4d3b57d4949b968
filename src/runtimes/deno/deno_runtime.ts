import { join } from "@std/path";
import type { Availability, RuntimeCapabilities } from "../../core/capabilities.ts";
import {
  type CanaryFinding,
  describeBrokenPromises,
  type Diagnosis,
  honestCanaryRan,
  untestedFindings,
} from "../../core/diagnosis.ts";
import { CodeBeakerError, messageOf } from "../../core/errors.ts";
import { DEFAULT_LIMITS } from "../../core/limits.ts";
import { NO_PERMISSIONS } from "../../core/permissions/permissions.ts";
import { Probe } from "../self_test/probe.ts";
import type { Assessment, ExecutionEnvironment, ExecutionRuntime, RuntimeConfig, RuntimeHost } from "../port.ts";
import type { RuntimeFacts } from "../entry.ts";
import { leasedEnvironment } from "./leased_environment.ts";
import bootSource from "./boot.js" with { type: "text" };
import { brokenVital, CANARIES } from "./canaries.ts";
import { DenoEnvironment } from "./deno_environment.ts";
import { diagnosisOf } from "./diagnosis.ts";
import { denoFacts } from "./facts.ts";
import type { DenoInstallation } from "./installation.ts";
import { INTERPRETER_MODULES } from "./interpreter_modules.ts";
import { isolationOf, whyNotHonoured } from "./isolation.ts";
import { selfTest } from "./self_test.ts";
import { stockWarm, takeWarm } from "./warm.ts";
import { findBinary, isFile, settingsOf } from "./settings.ts";
import startSource from "./start.js" with { type: "text" };

const PROBE = { ttlMs: 30_000, failureTtlMs: 1_000, timeoutMs: 2_000 };

/** How soon the self-test is run again where it could not be. */
const RETRY_MS = 5_000;

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
  #findings: Promise<readonly CanaryFinding[]> | undefined;
  #retryAt = Number.POSITIVE_INFINITY;
  readonly #ending = new AbortController();

  constructor(host: RuntimeHost) {
    this.#host = host;
    this.#facts = denoFacts(host);
    this.name = this.#facts.name;
    this.type = this.#facts.type;
    this.supportedEnvironments = this.#facts.supportedEnvironments;
    this.#probe = new Probe((signal) => this.#prove(signal).catch(explainFailure), PROBE);
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
    return diagnosisOf({ confinement, canaries: isThere ? await this.#tested() : undefined });
  }

  async assess({ permissions, runsMainFile }: RuntimeConfig): Promise<Assessment> {
    const { confinement } = this.#host;
    const cannotHonour = whyNotHonoured(permissions, confinement);
    return {
      isolation: isolationOf({ confinement, canaries: await this.#tested(), allowRun: permissions.allowRun }),
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
    this.#ending.abort();
    await this.#findings;
  }

  /** What the canaries came to, or come to now where they are to be tried again. */
  #tested(): Promise<readonly CanaryFinding[]> {
    if (performance.now() >= this.#retryAt) {
      this.#findings = undefined;
      this.#retryAt = Number.POSITIVE_INFINITY; // Whoever asks meanwhile waits for the same.
    }
    return this.#findings ??= this.#test().catch((cause: unknown) => untestedFindings(CANARIES, messageOf(cause)))
      .then((findings) => {
        this.#retryAt = honestCanaryRan(findings) ? Number.POSITIVE_INFINITY : performance.now() + RETRY_MS;
        return findings;
      });
  }

  async #test(): Promise<CanaryFinding[]> {
    const { signal } = this.#ending;
    const findings = await selfTest(await this.#installed(), {
      createEnvironment: (config) => this.createEnvironment(config),
      signal,
    });
    const broken = signal.aborted ? [] : findings.filter(({ kept }) => !kept);
    for (const { name, detail } of broken) this.#host.log.warning("a canary is not contained", { name, detail });
    return findings;
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
  async #prove(signal: AbortSignal): Promise<void> {
    const [findings] = await Promise.all([this.#tested(), this.#tryProgram(signal)]);
    const why = describeBrokenPromises(brokenVital(findings));
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
