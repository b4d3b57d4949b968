import type { Obstacle } from "../../../core/capabilities.ts";
import type { CanaryFinding } from "../../../core/diagnosis.ts";
import { messageOf, runtimeUnavailable } from "../../../core/errors.ts";
import { settledWithin } from "../../../concurrency/delay.ts";
import type { RuntimeHost } from "../../port.ts";
import { brokenFindings, describeBrokenPromises, SEE_DOCTOR } from "../../self_test/findings.ts";
import { SelfTest, type SelfTestResult } from "../../self_test/self_test.ts";
import type { EngineInfo } from "../engine/engine_info.ts";
import { RUNTIME_NAME } from "../settings.ts";
import { CANARIES, promisedCanaries } from "./canaries.ts";
import { keepsCgroup, promisesOf } from "./isolation.ts";
import { testContainers, versionOf } from "./test_containers.ts";
import type { DockerInstallation } from "../environment/environment_options.ts";

/** How many images are tried until one runs a program. */
const MAX_IMAGES = 3;

/** An Engine under test. */
export interface TestedEngine {
  readonly installation: DockerInstallation;
  readonly facts: EngineInfo;
  /** The tags of the Engine's images, the likeliest to run a program first. */
  images(): Promise<readonly string[]>;
}

/** One OCI runtime, and the images in which it is tested. */
interface TestRequest {
  /** The OCI runtime; undefined for the Engine's default. */
  readonly ociRuntime: string | undefined;
  images(): Promise<readonly string[]>;
}

/** The self-tests of an Engine's containers, one for each OCI runtime. An untested one runs no program. */
export class EngineSelfTests implements AsyncDisposable {
  readonly #host: Pick<RuntimeHost, "log" | "selfTestResults">;
  readonly #tests = new Map<string | undefined, SelfTest>();
  readonly #removals = new Set<Promise<void>>();

  constructor(host: Pick<RuntimeHost, "log" | "selfTestResults">) {
    this.#host = host;
  }

  /** Tests these OCI runtimes in the background, each unless its self-test runs already. */
  begin(engine: TestedEngine, ociRuntimes: readonly (string | undefined)[]): void {
    for (const ociRuntime of ociRuntimes) this.#begin(engine, { ociRuntime, images: engine.images });
  }

  /** Whether a self-test without a conclusive result is due again. */
  get isDue(): boolean {
    return [...this.#tests.values()].some(({ isDue }) => isDue);
  }

  /** The result of the self-test; undefined before its end. */
  resultOf(ociRuntime: string | undefined): SelfTestResult | undefined {
    return this.#tests.get(ociRuntime)?.result;
  }

  /** The findings of the self-test; undefined where nothing was tested. */
  findingsOf(ociRuntime: string | undefined): readonly CanaryFinding[] | undefined {
    const result = this.resultOf(ociRuntime);
    return result?.kind === "tested" ? result.findings : undefined;
  }

  /** Settles at the end of the running self-test, or after `withinMs`; undefined when none runs. */
  whenOver(ociRuntime: string | undefined, { withinMs }: { readonly withinMs: number }): Promise<void> | undefined {
    const running = this.#tests.get(ociRuntime)?.running;
    return running && settledWithin(running, withinMs);
  }

  /** Why such containers run no program. Undefined when they do, or will as soon as there is an image. */
  whyNot(ociRuntime: string | undefined): Obstacle | undefined {
    const result = this.resultOf(ociRuntime);
    switch (result?.kind) {
      case undefined:
        return { reason: "its self-test is not over yet" };
      case "nothing_to_test":
        return undefined;
      case "failed":
        return { reason: result.reason };
      case "tested": {
        const reason = describeBrokenPromises(brokenFindings(result.findings, { canaries: CANARIES, cost: "runtime" }));
        return reason === undefined ? undefined : { reason, remedy: SEE_DOCTOR };
      }
    }
  }

  /**
   * Waits for the self-test, which runs in this image if there was none before.
   *
   * @returns why the image cannot be used; undefined when programs may run
   * @throws {CodeBeakerError} `runtime_unavailable` when such containers run no program
   */
  async demand(
    engine: TestedEngine,
    { image, ociRuntime }: { readonly image: string; readonly ociRuntime: string | undefined },
  ): Promise<string | undefined> {
    let result = await this.#last(ociRuntime) ??
      await this.#begin(engine, { ociRuntime, images: engine.images });
    while (result.kind === "nothing_to_test" && !result.reasons.has(image)) {
      result = await this.#begin(engine, { ociRuntime, images: () => Promise.resolve([image]) });
    }
    if (result.kind === "nothing_to_test") return result.reasons.get(image);
    const why = this.whyNot(ociRuntime);
    if (why !== undefined) throw runtimeUnavailable(why);
    return undefined;
  }

  /** The result, once the running self-test is over and its containers are removed. */
  async settled(ociRuntime: string | undefined): Promise<SelfTestResult | undefined> {
    const result = await this.#last(ociRuntime);
    await Promise.all(this.#removals);
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#tests.values()].map((test) => test[Symbol.asyncDispose]()));
    await Promise.all(this.#removals);
  }

  async #last(ociRuntime: string | undefined): Promise<SelfTestResult | undefined> {
    const test = this.#tests.get(ociRuntime);
    return await test?.running ?? test?.result;
  }

  #begin(engine: TestedEngine, request: TestRequest): Promise<SelfTestResult> {
    const { ociRuntime } = request;
    const subject = [RUNTIME_NAME, ...(ociRuntime === undefined ? [] : [ociRuntime])].join("/");
    const test = this.#tests.get(ociRuntime) ?? new SelfTest({ ...this.#host, subject });
    this.#tests.set(ociRuntime, test);
    return test.begin(() => this.#run(test, { engine, request }));
  }

  /** Tests in the first of the images that runs a program. */
  async #run(
    test: SelfTest,
    { engine: { facts, installation }, request: { images, ociRuntime } }: {
      readonly engine: TestedEngine;
      readonly request: TestRequest;
    },
  ): Promise<SelfTestResult> {
    const promises = promisesOf(facts, ociRuntime);
    const hasCgroup = keepsCgroup(facts, ociRuntime);
    const reasons = new Map<string, string>();
    for (const image of (await images()).slice(0, MAX_IMAGES)) {
      const inspected = await installation.client.images.inspect(image);
      if (inspected === undefined) {
        reasons.set(image, "it is not here");
        continue;
      }
      const subject = { image, inspected, ociRuntime, facts, promises, hasCgroup };
      try {
        const findings = await test.findings({
          version: versionOf(installation, subject),
          canaries: promisedCanaries(promises),
          run: () =>
            testContainers(installation, subject, {
              signal: test.signal,
              discard: (environment) => this.#discard(environment),
              onUnusable: (reason) => reasons.set(image, reason),
            }),
        });
        return { kind: "tested", findings };
      } catch (error) {
        if (!reasons.has(image)) throw error;
      }
    }
    return { kind: "nothing_to_test", reasons };
  }

  #discard(environment: AsyncDisposable): void {
    const removal = Promise.resolve(environment[Symbol.asyncDispose]())
      .catch((error: unknown) =>
        this.#host.log.warning("self_test.removal_failed", { runtime: RUNTIME_NAME, error: messageOf(error) })
      )
      .finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
  }
}
