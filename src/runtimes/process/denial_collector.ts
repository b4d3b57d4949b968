import { BoundedOutput } from "../../core/bytes/bounded_output.ts";
import type { Reading } from "../../core/bytes/frame_scanner.ts";
import { DenialLog, type DenialRecord, MAX_DENIAL_RECORDS } from "../../core/denials/denial_report.ts";
import type { DenialContext, DenialSpec, ReportedDenial } from "./spec.ts";

const NUL = 0;
const MAX_REPORT_BYTES = 16_384;
/** The most reports that are read: reading them takes the service's time. */
const MAX_REPORTS = 2 * MAX_DENIAL_RECORDS;
/** The most bytes of output that are kept, to find denials in them. */
const MAX_KEPT_BYTES = 16_384;

/** Collects the denials of a program, from the child's reports and from stderr. */
export class DenialCollector {
  readonly #spec: DenialSpec;
  readonly #context: DenialContext;
  #log = new DenialLog();
  #output = new BoundedOutput(MAX_KEPT_BYTES);
  #reports = 0;

  constructor(spec: DenialSpec, context: DenialContext) {
    this.#spec = spec;
    this.#context = context;
  }

  /** The denials so far; all of them once stderr has been read. */
  get denials(): readonly DenialRecord[] {
    const { text } = this.#output.read();
    if (text === "") return this.#log.denials; // Most cells print nothing.
    for (const denial of this.#spec.readStderr(text, this.#context)) this.#log.add(denial);
    return this.#log.denials;
  }

  /** Forgets everything, as for another program. */
  forget(): void {
    this.#log = new DenialLog();
    this.#output = new BoundedOutput(MAX_KEPT_BYTES);
    this.#reports = 0;
  }

  /** Takes bytes that the program printed. */
  print(bytes: Uint8Array): void {
    this.#output.push(bytes);
  }

  /** Reads a report: a JSON array of a message and a stack, and NUL. The program may have printed it. */
  readReport(bytes: Uint8Array): Reading<"denied"> {
    if (this.#reports >= MAX_REPORTS) return "no_frame";
    const end = bytes.indexOf(NUL);
    if ((end < 0 ? bytes.length : end) > MAX_REPORT_BYTES) return "no_frame";
    if (end < 0) return "incomplete";
    this.#reports++;
    const reported = parseReport(bytes.subarray(0, end));
    if (reported === undefined) return "no_frame";
    const denial = this.#spec.read?.(reported, this.#context);
    if (denial !== undefined) this.#log.add(denial);
    return { frame: "denied", length: end + 1 };
  }
}

function parseReport(bytes: Uint8Array): ReportedDenial | undefined {
  try {
    const report: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const [message, stack]: readonly unknown[] = Array.isArray(report) ? report : [];
    return typeof message === "string" && typeof stack === "string" ? { message, stack } : undefined;
  } catch {
    return undefined; // Bytes of the program that begin like a report.
  }
}
