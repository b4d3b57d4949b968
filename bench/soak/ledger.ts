import type { ApiClient } from "../../tests/support/api_client.ts";

const MAX_FAULT_LENGTH = 500;

/** What a service still knows of the executions that it acknowledged. */
export interface LedgerCheck {
  /** How many have an end. */
  readonly ended: number;
  /** Those without an end, or with another end than before. */
  readonly lost: readonly string[];
}

/** The executions that a service acknowledged to its clients, and its unexpected answers. */
export class Ledger {
  /** Ends that were reported to a client, by execution. */
  readonly #ended = new Map<string, string>();
  /** Executions that were accepted, and whose end no client has seen. */
  readonly #accepted = new Set<string>();
  readonly #unexpected: string[] = [];
  /** Requests that were refused as busy or unavailable. */
  refused = 0;

  get acknowledged(): number {
    return this.#ended.size + this.#accepted.size;
  }

  /** Answers that no fault explains. */
  get unexpected(): readonly string[] {
    return this.#unexpected;
  }

  /** Records an execution that was accepted. */
  accept(id: string): void {
    this.#accepted.add(id);
  }

  /** Records an execution whose end was reported. */
  // deno-lint-ignore no-explicit-any
  end(execution: any): void {
    this.#accepted.delete(execution.id);
    this.#ended.set(execution.id, endOf(execution));
  }

  /** Records an unexpected answer. */
  fault(description: string): void {
    this.#unexpected.push(description.slice(0, MAX_FAULT_LENGTH));
  }

  /** Asks a service for every execution that it acknowledged. */
  async check(client: ApiClient): Promise<LedgerCheck> {
    const lost: string[] = [];
    let ended = 0;
    for (const id of [...this.#ended.keys(), ...this.#accepted]) {
      const found = await client.json("GET", `/v1/executions/${id}?waitMs=20000`);
      const reported = this.#ended.get(id);
      const hasEnd = found.outcome !== undefined && (reported === undefined || reported === endOf(found));
      const isThere = hasEnd || (reported === undefined && isTransient(found));
      if (isThere) ended++;
      else lost.push(`lost: ${id}: ${JSON.stringify(found).slice(0, MAX_FAULT_LENGTH)}`);
    }
    return { ended, lost };
  }
}

/** Whether an execution failed before its program began, as one does whose process was killed: its key is free again. */
// deno-lint-ignore no-explicit-any
export function isTransient({ error }: any): boolean {
  return error?.code === "runtime_unavailable";
}

// deno-lint-ignore no-explicit-any
function endOf({ outcome, stdout, stderr }: any): string {
  return JSON.stringify([outcome, stdout.length, stderr.length]);
}
