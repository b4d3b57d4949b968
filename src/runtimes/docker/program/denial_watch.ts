import { BoundedOutput } from "../../../core/bytes/bounded_output.ts";
import { DenialLog, type DenialReport } from "../../../core/denials/denial_report.ts";
import type { OutputChunk } from "../../../core/execution.ts";
import { denyNetwork, type NetworkPolicy, readStderrDenials } from "../../denials/stderr_denials.ts";

/** The most bytes of a program's stderr that are read. Half are from the beginning, half from the end. */
const MAX_READ_BYTES = 32_768;

/**
 * Collects the denials of a program in a container. The program prints some of them on stderr. It cannot hide the
 * packets for which the kernel found no route.
 */
export class DenialWatch {
  readonly #policy: NetworkPolicy;
  #stderr = new BoundedOutput(MAX_READ_BYTES);
  #unroutedPackets = 0;

  constructor(policy: NetworkPolicy) {
    this.#policy = policy;
  }

  /** Forgets the output so far. */
  forget(): void {
    this.#stderr = new BoundedOutput(MAX_READ_BYTES);
  }

  readOutput({ stream, bytes }: OutputChunk): void {
    if (stream === "stderr") this.#stderr.push(bytes);
  }

  /** Sets how many packets of the container had no route while the program ran. */
  setUnroutedPackets(count: number): void {
    this.#unroutedPackets = count;
  }

  report(): DenialReport {
    const { permissions } = this.#policy;
    const printed = readStderrDenials(this.#stderr.read().text, this.#policy);
    if (this.#unroutedPackets > 0 && permissions.allowNet === false) printed.push(denyNetwork(undefined, this.#policy));
    const log = new DenialLog();
    for (const denial of printed) {
      const sameKind = printed.filter(({ kind }) => kind === denial.kind);
      if (denial.target === "*" && sameKind.some(({ target }) => target !== "*")) continue; // The other is more specific.
      log.add(sameKind.find(({ target, at }) => target === denial.target && at !== undefined) ?? denial);
    }
    return { permissions, denials: log.denials };
  }
}
