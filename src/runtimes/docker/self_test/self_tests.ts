import {
  type CanaryFinding,
  describeBrokenPromises,
  honestCanaryRan,
  passingFindings,
} from "../../../core/diagnosis.ts";
import { CodeBeakerError, messageOf } from "../../../core/errors.ts";
import { settledWithin } from "../../../concurrency/delay.ts";
import type { RuntimeHost } from "../../port.ts";
import { brokenOf, claimed } from "./canaries.ts";
import type { EngineFacts } from "../engine/engine_facts.ts";
import type { DockerInstallation } from "../container/environment_container.ts";
import { claimsOf, keepsCgroup } from "./isolation.ts";
import { type SelfTestSubject, testContainers, type TestResult, versionOf } from "./self_test.ts";

/** How soon a self-test is run again that could not be. */
const RETRY_MS = 5_000;
/** Images that are tried until one runs a program: somebody's own may be of no use. */
const MAX_IMAGES = 3;

/** What is known of the containers of one OCI runtime. */
export type Proof =
  | { readonly kind: "tested"; readonly findings: readonly CanaryFinding[]; readonly retryAt?: number }
  /** No image is here in which anything could be tested; `useless` says why those that are here are none. */
  | { readonly kind: "no_image"; readonly useless?: string }
  | { readonly kind: "failed"; readonly reason: string; readonly retryAt: number };

/** An Engine, and what is to be tested on it. */
export interface ProvingGround {
  readonly installation: DockerInstallation;
  readonly facts: EngineFacts;
  /** The tags of images that are here, the likeliest to be of use first. */
  images(): Promise<readonly string[]>;
}

/** What proving is made with. */
export interface ProvingOptions extends Pick<RuntimeHost, "selfTestResults" | "log"> {
  /** {@link testContainers}, where a test does not say otherwise. */
  readonly test?: typeof testContainers;
}

/** What is tested, and in which images. */
interface Trial extends Pick<ProvingGround, "images"> {
  readonly ociRuntime: string | undefined;
  /** The only one of the images, where somebody demanded that. */
  readonly image?: string;
}

interface Attempt extends Pick<Trial, "image"> {
  readonly ended: Promise<Proof>;
  proof?: Proof;
}

/** The self-tests of an Engine's containers, one for each OCI runtime. What is not proven runs nothing. */
export class SelfTests implements AsyncDisposable {
  readonly #options: ProvingOptions;
  readonly #attempts = new Map<string | undefined, Attempt>();
  /** What was found in this process, by what it depends on. */
  readonly #known = new Map<string, readonly CanaryFinding[]>();
  readonly #leaving = new Set<Promise<void>>();
  readonly #ending = new AbortController();

  constructor(options: ProvingOptions) {
    this.#options = options;
  }

  /** Tests the containers of these OCI runtimes in the background, each unless that is going on already. */
  begin(ground: ProvingGround, ociRuntimes: readonly (string | undefined)[]): void {
    for (const ociRuntime of ociRuntimes) this.#begin(ground, { ociRuntime, images: ground.images });
  }

  /** Whether one of them could not be tested, and is to be again. */
  get isDue(): boolean {
    const now = performance.now();
    return [...this.#attempts.values()].some(({ proof = {} }) => "retryAt" in proof && now >= (proof.retryAt ?? now));
  }

  /** Undefined while the self-test runs, or before it was begun. */
  proofOf(ociRuntime: string | undefined): Proof | undefined {
    return this.#attempts.get(ociRuntime)?.proof;
  }

  /** Settles when the self-test is over that runs now, or was waited for so long; undefined when none runs. */
  whenOver(ociRuntime: string | undefined, { withinMs }: { readonly withinMs: number }): Promise<void> | undefined {
    const attempt = this.#attempts.get(ociRuntime);
    return attempt === undefined || attempt.proof !== undefined ? undefined : settledWithin(attempt.ended, withinMs);
  }

  /** Why no program may run in such containers; undefined when one may, or as soon as an image is here. */
  whyNot(ociRuntime: string | undefined): string | undefined {
    const proof = this.proofOf(ociRuntime);
    if (proof === undefined) return "its self-test is not over yet";
    if (proof.kind === "no_image") return undefined;
    return proof.kind === "failed" ? proof.reason : describeBrokenPromises(brokenOf(proof.findings, "runtime"));
  }

  /**
   * Waits for the self-test, which is run in this image if there was none before.
   *
   * @returns why the image is of no use; undefined when programs may run
   * @throws {CodeBeakerError} `runtime_unavailable` when such containers are not proven
   */
  async demand(
    ground: ProvingGround,
    { image, ociRuntime }: { readonly image: string; readonly ociRuntime: string | undefined },
  ): Promise<string | undefined> {
    let attempt = this.#attempts.get(ociRuntime) ?? this.#begin(ground, { ociRuntime, images: ground.images });
    while ((await attempt.ended).kind === "no_image" && attempt.image !== image) {
      attempt = this.#begin(ground, { ociRuntime, image, images: () => Promise.resolve([image]) });
    }
    const proof = await attempt.ended;
    if (proof.kind === "no_image") return proof.useless ?? "it is not here";
    const why = this.whyNot(ociRuntime);
    if (why !== undefined) throw new CodeBeakerError("runtime_unavailable", why);
    return undefined;
  }

  /** What is known when the self-tests that run now are over, and nothing of them is left. */
  async settled(ociRuntime: string | undefined): Promise<Proof | undefined> {
    const proof = await this.#attempts.get(ociRuntime)?.ended;
    await Promise.all(this.#leaving);
    return proof;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await Promise.all([...this.#attempts.values()].map(({ ended }) => ended));
    await Promise.all(this.#leaving);
  }

  /** Removes what a self-test has used, which nobody waits for but the end. */
  #leave(used: AsyncDisposable): void {
    const leaving = Promise.resolve(used[Symbol.asyncDispose]())
      .catch((error: unknown) =>
        this.#options.log.warning("a self-test cannot be removed", { error: messageOf(error) })
      )
      .finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }

  #begin(ground: ProvingGround, what: Trial): Attempt {
    const running = this.#attempts.get(what.ociRuntime);
    if (running !== undefined && running.proof === undefined) return running;
    const attempt: Attempt = { ...what, ended: this.#prove(ground, what) };
    attempt.ended.then((proof) => attempt.proof = proof);
    this.#attempts.set(what.ociRuntime, attempt);
    return attempt;
  }

  /** It does not reject: what cannot be tested is not proven. */
  async #prove(ground: ProvingGround, what: Trial): Promise<Proof> {
    try {
      return await this.#test(ground, what);
    } catch (error) {
      const reason = `its self-test could not be run: ${messageOf(error)}`;
      if (!this.#ending.signal.aborted) this.#options.log.warning(reason, { ociRuntime: what.ociRuntime ?? "default" });
      return { kind: "failed", reason, retryAt: performance.now() + RETRY_MS };
    }
  }

  async #test({ facts, installation }: ProvingGround, { images, ociRuntime }: Trial): Promise<Proof> {
    const claims = claimsOf(facts, ociRuntime);
    let useless: string | undefined;
    for (const image of (await images()).slice(0, MAX_IMAGES)) {
      const inspected = await installation.client.inspectImage(image);
      if (inspected === undefined) continue;
      const hasCgroup = keepsCgroup(facts, ociRuntime);
      const result = await this.#find(installation, { image, inspected, ociRuntime, facts, claims, hasCgroup });
      if ("findings" in result) {
        const retry = honestCanaryRan(result.findings) ? {} : { retryAt: performance.now() + RETRY_MS };
        return { kind: "tested", ...result, ...retry };
      }
      useless ??= result.useless;
    }
    return { kind: "no_image", ...(useless === undefined ? {} : { useless }) };
  }

  /** What the canaries come to in an image, now or when everything was the same. */
  async #find(installation: DockerInstallation, subject: SelfTestSubject): Promise<TestResult> {
    const { log, selfTestResults, test = testContainers } = this.#options;
    const name = ["docker", ...(subject.ociRuntime === undefined ? [] : [subject.ociRuntime])].join("/");
    const version = versionOf(installation, subject);
    const known = this.#known.get(version) ??
      (await selfTestResults.has(name, version) ? passingFindings(claimed(subject.claims)) : undefined);
    if (known !== undefined) return { findings: known };
    const result = await test(installation, subject, {
      signal: this.#ending.signal,
      leave: (used) => this.#leave(used),
    });
    if ("useless" in result) return result;
    const { findings } = result;
    if (honestCanaryRan(findings)) this.#known.set(version, findings);
    if (findings.every(({ kept }) => kept)) await selfTestResults.add(name, version);
    for (const { name: canary, detail } of findings.filter(({ kept }) => !kept)) {
      log.warning("a canary is not contained", { name: canary, detail, ociRuntime: subject.ociRuntime ?? "default" });
    }
    return result;
  }
}
