import { BoundedOutput } from "../../../core/bytes/bounded_output.ts";
import type { OutputChunk } from "../../../core/execution.ts";
import { DenialLog, type DenialReport } from "../../../core/denials/denial_report.ts";
import { type ContainerPolicy, readRefusedWords, refuseNetwork } from "./refused_words.ts";

/** What is read of a program's stderr, its head and its tail. */
const MAX_READ_BYTES = 32_768;

/**
 * What can be seen of the denials that a program in a container meets: what it prints about them on stderr, and
 * whether the kernel found no route for something it sent, which it cannot hide.
 */
export class DenialWatch {
  readonly #policy: ContainerPolicy;
  #stderr = new BoundedOutput(MAX_READ_BYTES);
  #unrouted = 0;

  constructor(policy: ContainerPolicy) {
    this.#policy = policy;
  }

  /** Begins anew, as for another program. */
  forget(): void {
    this.#stderr = new BoundedOutput(MAX_READ_BYTES);
  }

  see({ stream, bytes }: OutputChunk): void {
    if (stream === "stderr") this.#stderr.push(bytes);
  }

  /** How much of what was sent in the container had no route while the program ran. */
  count(unrouted: number): void {
    this.#unrouted = unrouted;
  }

  report(): DenialReport {
    const { permissions } = this.#policy;
    const said = readRefusedWords(this.#stderr.read().text, this.#policy);
    if (this.#unrouted > 0 && permissions.allowNet === false) said.push(refuseNetwork(undefined, this.#policy));
    const log = new DenialLog();
    for (const denial of said) {
      const others = said.filter(({ kind }) => kind === denial.kind);
      if (denial.target === "*" && others.some(({ target }) => target !== "*")) continue; // Told better elsewhere.
      log.add(others.find(({ target, at }) => target === denial.target && at !== undefined) ?? denial);
    }
    return { permissions, denials: log.denials };
  }
}
