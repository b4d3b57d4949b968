import { abortable } from "@std/async/abortable";
import type { Availability } from "../../core/capabilities.ts";
import type { CanaryFinding, Diagnosis } from "../../core/diagnosis.ts";
import { runtimeUnavailable } from "../../core/errors.ts";
import type { Surface } from "../../core/needs.ts";
import type {
  Assessment,
  AvailabilityOptions,
  ExecutionEnvironment,
  LoadedRuntime,
  RuntimeConfig,
  RuntimeHost,
} from "../port.ts";
import { brokenFindings, describeBrokenPromises, SEE_DOCTOR } from "../self_test/findings.ts";
import { Probe } from "../self_test/probe.ts";
import { findingsOf, SelfTest, type SelfTestResult } from "../self_test/self_test.ts";
import { compilerLimits } from "./compiling/compilation.ts";
import { isPrebuilt } from "./compiling/prebuilt.ts";
import { diagnosisOf } from "./diagnosis.ts";
import { identityOf, isExecutable, presenceOf } from "./find_binary.ts";
import { checkBinary } from "./self_test/check_binary.ts";
import { install, type Installation } from "./installation.ts";
import { isolationOf, LEVEL_SHARED, whyNotHonoured, whyUnconfined } from "./isolation.ts";
import { canariesOf } from "./self_test/layer_canaries.ts";
import { leasedEnvironment } from "../warm/leased_environment.ts";
import { ProcessEnvironment } from "./process_environment.ts";
import type { ProgramCanary } from "./self_test/program_canary.ts";
import { testPrograms, versionOf } from "./self_test/test_programs.ts";
import type { ProcessSpec, SharedProcesses } from "./spec.ts";
import { leaseEnvironment, warmUpEnvironments } from "./warm_environments.ts";

/** Times of the check of a binary. After a rest, the checks of all runtimes are due at the same request. */
const PROBE = { ttlMs: 30_000, failureTtlMs: 1_000, waitsMs: 1_000 };
/** How long an honest program may take. On a hanging binary, callers wait a few times as long. */
const HONEST_TIMEOUT_MS = 1_500;
/** How long the self-test may take beside the honest program. Its programs share a busy machine. */
const SELF_TEST_TIMEOUT_MS = 10_000;
/** When to ask again for a language whose compiler is being prepared, in ms. */
const PREBUILD_RETRY_MS = 5_000;

/** The runtime of a spec for one host. */
export function createProcessRuntime(spec: ProcessSpec, host: RuntimeHost): LoadedRuntime {
  return new ProcessRuntime(spec, host);
}

class ProcessRuntime implements LoadedRuntime {
  readonly #spec: ProcessSpec;
  readonly #host: RuntimeHost;
  readonly #probe: Probe;
  readonly #selfTest: SelfTest;
  #installation: Promise<Installation> | undefined;
  #isInstalled = false;
  #sharedProcesses: SharedProcesses | undefined;
  /** The surface that the last check of the binary has shown. */
  #surface: Surface | undefined;

  constructor(spec: ProcessSpec, host: RuntimeHost) {
    this.#spec = spec;
    this.#host = host;
    this.#selfTest = new SelfTest({ ...host, subject: spec.subject });
    const timeoutMs = this.#honestTimeoutMs + SELF_TEST_TIMEOUT_MS;
    this.#probe = new Probe((signal) => this.#check(signal).catch(explainFailure), {
      ...PROBE,
      timeoutMs,
      holdsMeanwhile: () => presenceOf(spec.binary).available,
      toError: () => this.#isPrebuilding ? stillPrebuilding() : new Error(`no answer within ${timeoutMs} ms`),
    });
  }

  async isAvailable(
    _environment?: string,
    { assumesSelfTest = false, assumesUntested = false, fetchesNothing = false }: AvailabilityOptions = {},
  ): Promise<Availability> {
    const why = whyUnconfined({ checks: this.#spec.permissions, confinement: this.#host.confinement });
    if (why !== undefined) return { available: false, ...why };
    if (fetchesNothing && !this.#isPrebuilt()) {
      return { available: false, reason: "what its compiler needs has yet to be made" };
    }
    if (assumesUntested && this.#probe.last?.available !== false) return presenceOf(this.#spec.binary);
    if (assumesSelfTest && !this.#isTested) {
      const presence = presenceOf(this.#spec.binary);
      if (presence.available) return presence;
    }
    return await this.#answer();
  }

  pendingSelfTest(): (() => Promise<void>) | undefined {
    const isUnconfined = whyUnconfined({ checks: this.#spec.permissions, confinement: this.#host.confinement });
    if (this.#isTested || isUnconfined !== undefined) return undefined;
    return async () => {
      await this.#answer();
    };
  }

  surface(environment: string): Surface | undefined {
    return this.#surface ?? this.#spec.facts.surface?.(environment);
  }

  revision(): number | undefined {
    const [probed, tested] = [this.#probe.revision, this.#selfTest.revision];
    return probed === undefined || tested === undefined ? undefined : probed + tested;
  }

  async diagnose(): Promise<Diagnosis> {
    const isThere = await this.#installed().then(({ binary }) => isExecutable(binary), () => false);
    return diagnosisOf({
      spec: this.#spec,
      confinement: this.#host.confinement,
      canaries: isThere ? await this.#findings() : undefined,
    });
  }

  async assess(
    config: RuntimeConfig,
    { assumesSelfTest = false, assumesUntested = false }: AvailabilityOptions = {},
  ): Promise<Assessment> {
    const { permissions, resourceLimits, runsMainFile } = config;
    const isPending = assumesSelfTest && !this.#isTested;
    // Without a binary that will do, the runtime is unavailable anyway: the layers alone give its isolation.
    const isAvailable = isPending || assumesUntested ? this.#probe.last?.available : (await this.#answer()).available;
    const { result, running } = this.#selfTest;
    const willHaveResult = result !== undefined || (running !== undefined && !isPending);
    const isThere = () => isAvailable === true || (willHaveResult && presenceOf(this.#spec.binary).available);
    const canaries = isThere() ? await this.#findings() : [];
    const layers = { checks: this.#spec.permissions, confinement: this.#host.confinement };
    const cannotHonour = whyNotHonoured(permissions, layers);
    const { compiles, overheadMb = 0, shared, warm } = this.#spec;
    const isolation = isolationOf({ ...layers, canaries, allowRun: permissions.allowRun });
    const highest = shared?.isShared(config) === true ? LEVEL_SHARED : isolation.level;
    const lacks = shared?.lackOf(config);
    return {
      isolation: { ...isolation, level: Math.min(isolation.level, highest) },
      ...(lacks === undefined ? {} : { lacks }),
      ...(cannotHonour === undefined ? {} : { cannotHonour }),
      ...(isPending ? { assumesSelfTest: true } : {}),
      ...(compiles === true ? { memoryMb: compilerLimits(resourceLimits).memoryMb } : {}),
      ...(overheadMb > 0 ? { memoryMb: resourceLimits.memoryMb + overheadMb } : {}),
      startsCold: shared === undefined &&
        ((runsMainFile === false && warm?.servesEveryProgram !== true) || warm === undefined),
    };
  }

  async createEnvironment(config: RuntimeConfig): Promise<ExecutionEnvironment> {
    const installation = await this.#installed();
    const shared = this.#shared(installation);
    if (shared !== undefined) return shared.createEnvironment(config);
    const lease = await leaseEnvironment(installation, config);
    if (lease === undefined) return ProcessEnvironment.create(installation, config);
    await using unused = new AsyncDisposableStack();
    unused.use(lease);
    if (config.singleUse !== true) await lease.member.makeLasting(config);
    else lease.member.setVariables(config.environmentVariables);
    unused.move();
    return leasedEnvironment(lease);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#probe[Symbol.asyncDispose](), this.#selfTest[Symbol.asyncDispose]()]);
    await this.#installation?.catch(() => {}); // Its caller has the error.
    await this.#sharedProcesses?.[Symbol.asyncDispose]();
  }

  get #canaries(): readonly ProgramCanary[] {
    return canariesOf(this.#spec, this.#host.confinement);
  }

  /** Whether the self-test has ended once. */
  get #isTested(): boolean {
    return this.#probe.last !== undefined;
  }

  get #honestTimeoutMs(): number {
    return this.#spec.binary.probe.timeoutMs ?? HONEST_TIMEOUT_MS;
  }

  /** Whether the binary will do. A command waits without a deadline for what is prebuilt. */
  async #answer(): Promise<Availability> {
    const { progress } = this.#host;
    if (progress !== undefined && !this.#isInstalled && !this.#isPrebuilt()) {
      using _task = progress.begin(`preparing the compiler for ${this.#spec.facts.supportedEnvironments[0]}, once`);
      await abortable(this.#installed(), progress.signal).catch(() => {}); // The check below reports why.
    }
    return await this.#probe.answer();
  }

  get #isPrebuilding(): boolean {
    return this.#spec.prebuilt !== undefined && this.#installation !== undefined && !this.#isInstalled;
  }

  #shared(installation: Installation): SharedProcesses | undefined {
    return this.#sharedProcesses ??= this.#spec.shared?.open(installation);
  }

  #isPrebuilt(): boolean {
    const spec = this.#spec;
    return !presenceOf(spec.binary).available || isPrebuilt({ spec, home: this.#host.home });
  }

  #installed(): Promise<Installation> {
    return this.#installation ??= install(this.#spec, this.#host, this.#selfTest).then((installation) => {
      this.#isInstalled = true;
      return installation;
    }, (cause: unknown) => {
      this.#installation = undefined; // The next caller tries again: the obstacle may be gone.
      throw cause;
    });
  }

  /**
   * Forgets a binary that would not do where another one is found by now. That may have been installed since. A binary
   * that runs programs stays.
   */
  async #forgetReplaced(): Promise<void> {
    if (this.#probe.last?.available !== false) return;
    const installation = await this.#installation?.catch(() => undefined);
    if (installation === undefined || installation.identity === identityOf(this.#spec.binary)) return;
    await this.#sharedProcesses?.[Symbol.asyncDispose]();
    await this.#selfTest.forget();
    [this.#installation, this.#sharedProcesses, this.#isInstalled] = [undefined, undefined, false];
  }

  /** Checks that an honest program runs, and that no hostile one breaks a vital promise. */
  async #check(signal: AbortSignal): Promise<void> {
    await this.#forgetReplaced();
    await this.#installed(); // Where there is no binary, there is nothing to test.
    const options = { timeoutMs: this.#honestTimeoutMs, signal };
    const { binary } = this.#spec;
    const output = await checkBinary(binary, (config) => this.createEnvironment(config), options);
    this.#surface = binary.probe.surfaceOf?.(output);
    const findings = await this.#findings();
    const why = describeBrokenPromises(brokenFindings(findings, { canaries: this.#canaries, cost: "runtime" }));
    if (why !== undefined) throw runtimeUnavailable({ reason: why, remedy: SEE_DOCTOR });
    const installation = await this.#installed();
    warmUpEnvironments(installation);
    this.#shared(installation)?.warmUp();
  }

  async #findings(): Promise<readonly CanaryFinding[]> {
    return findingsOf(await this.#selfTest.settled(() => this.#test()), this.#canaries);
  }

  async #test(): Promise<SelfTestResult> {
    const installation = await this.#installed();
    const { signal } = this.#selfTest;
    const findings = await this.#selfTest.findings({
      version: versionOf({ ...installation, confinement: this.#host.confinement }),
      canaries: this.#canaries,
      run: () => testPrograms(installation, { createEnvironment: (config) => this.createEnvironment(config), signal }),
    });
    return { kind: "tested", findings };
  }
}

function stillPrebuilding(): Error {
  return runtimeUnavailable({
    reason: "what its compiler needs is still being made, once for the service's home",
    retryAfterMs: PREBUILD_RETRY_MS,
  });
}

function explainFailure(error: unknown): never {
  if (!(error instanceof Deno.errors.NotCapable)) throw error;
  const reason = `the service may not start and confine programs (${error.message})`;
  throw runtimeUnavailable({ reason, remedy: "start it with --allow-all" }, error);
}
