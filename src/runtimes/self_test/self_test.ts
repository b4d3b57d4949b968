import type { CanaryFinding } from "../../core/diagnosis.ts";
import { messageOf } from "../../core/errors.ts";
import type { RuntimeHost } from "../port.ts";
import type { Canary } from "./canary.ts";
import { honestCanaryRan, passingFindings, untestedFindings } from "./findings.ts";

/** How soon a self-test that could not be run is run again. */
const RETRY_MS = 5_000;

/** The result of the last run of a self-test. */
export type SelfTestResult =
  | { readonly kind: "tested"; readonly findings: readonly CanaryFinding[] }
  /** Nothing was found to run the canaries in. `reasons` has the reason for each thing tried. */
  | { readonly kind: "nothing_to_test"; readonly reasons: ReadonlyMap<string, string> }
  | { readonly kind: "failed"; readonly reason: string };

/** Parts of a self-test. */
export interface SelfTestOptions extends Pick<RuntimeHost, "log" | "selfTestResults"> {
  /** The name in the log and among the remembered results. */
  readonly subject: string;
}

/** A test of certain canaries on one version of a subject. */
export interface CanaryTest {
  /** Everything that the findings depend on. */
  readonly version: string;
  readonly canaries: readonly Pick<Canary<never>, "name" | "promise">[];
  run(): Promise<readonly CanaryFinding[]>;
}

/**
 * The self-test of one subject. Concurrent callers share a run; a run without a conclusive result is repeated after 5
 * s. Disposing aborts the run and waits for its end.
 */
export class SelfTest implements AsyncDisposable {
  readonly #options: SelfTestOptions;
  readonly #ending = new AbortController();
  /** The findings of this process by version. */
  readonly #known = new Map<string, readonly CanaryFinding[]>();
  #running: Promise<SelfTestResult> | undefined;
  #result: SelfTestResult | undefined;
  #endedAt = 0;
  #revision = 0;

  constructor(options: SelfTestOptions) {
    this.#options = options;
  }

  /** Aborted when the self-test is disposed of. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** The run in progress. */
  get running(): Promise<SelfTestResult> | undefined {
    return this.#running;
  }

  /** The result of the last run; undefined before its end. */
  get result(): SelfTestResult | undefined {
    return this.#result;
  }

  /** Counts the runs. Undefined while one is in progress, or a repetition is due. */
  get revision(): number | undefined {
    return this.#running !== undefined || this.isDue ? undefined : this.#revision;
  }

  /** Whether it is time to repeat a run without a conclusive result. */
  get isDue(): boolean {
    return this.#result !== undefined && !isConclusive(this.#result) && performance.now() >= this.#endedAt + RETRY_MS;
  }

  /** The last result. Where there is none, or a repetition is due, it begins a run. */
  async settled(run: () => Promise<SelfTestResult>): Promise<SelfTestResult> {
    return this.#result === undefined || this.isDue ? await this.begin(run) : this.#result;
  }

  /** Begins a run unless one is in progress. It does not reject. */
  begin(run: () => Promise<SelfTestResult>): Promise<SelfTestResult> {
    return this.#running ??= this.#run(run);
  }

  /** Forgets the last result, since the subject is another now. A run in progress ends before. */
  async forget(): Promise<void> {
    await this.#running;
    this.#result = undefined;
  }

  /** Findings that are known of this version, else those of a run. Broken promises are logged. */
  async findings({ canaries, run, version }: CanaryTest): Promise<readonly CanaryFinding[]> {
    const { log, selfTestResults, subject } = this.#options;
    const known = this.#known.get(version);
    if (known !== undefined) return known;
    if (await selfTestResults.has(subject, version)) return passingFindings(canaries);
    const findings = await run();
    this.signal.throwIfAborted();
    if (honestCanaryRan(findings)) this.#known.set(version, findings);
    if (findings.every(({ kept }) => kept)) await selfTestResults.add(subject, version);
    for (const { detail, kept, name } of findings) {
      if (!kept) log.warning("self_test.promise_broken", { subject, canary: name, detail });
    }
    return findings;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  async #run(run: () => Promise<SelfTestResult>): Promise<SelfTestResult> {
    this.#result = undefined;
    const result = await run().catch((error: unknown) => this.#failed(error));
    this.#running = undefined;
    this.#revision++;
    this.#endedAt = performance.now();
    return this.#result = result;
  }

  #failed(error: unknown): SelfTestResult {
    const { log, subject } = this.#options;
    if (!this.signal.aborted) log.warning("self_test.failed", { subject, error: messageOf(error) });
    return { kind: "failed", reason: `its self-test could not be run: ${messageOf(error)}` };
  }
}

function isConclusive(result: SelfTestResult): boolean {
  return result.kind === "nothing_to_test" || (result.kind === "tested" && honestCanaryRan(result.findings));
}

/** The findings of a result; none where there was nothing to test. */
export function findingsOf(result: SelfTestResult, canaries: CanaryTest["canaries"]): readonly CanaryFinding[] {
  switch (result.kind) {
    case "tested":
      return result.findings;
    case "failed":
      return untestedFindings(canaries, result.reason);
    case "nothing_to_test":
      return [];
  }
}
