import type { ApiClient } from "../tests/support/api_client.ts";

/** What a service has told its clients, and what it has to know of it later. */
export class Ledger {
  /** How executions ended that were answered with their end. */
  readonly #ended = new Map<string, string>();
  /** Executions that were accepted. */
  readonly #accepted = new Set<string>();
  readonly #unexpected: string[] = [];
  refused = 0;

  get acknowledged(): number {
    return this.#ended.size + this.#accepted.size;
  }

  /** Answers that no fault explains. */
  get unexpected(): readonly string[] {
    return this.#unexpected;
  }

  accept(id: string): void {
    this.#accepted.add(id);
  }

  /** It has ended, and was told so. */
  // deno-lint-ignore no-explicit-any
  end(execution: any): void {
    this.#accepted.delete(execution.id);
    this.#ended.set(execution.id, endOf(execution));
  }

  fault(what: string): void {
    this.#unexpected.push(what.slice(0, 500));
  }

  /** Asks a service for all of it; gives how many have an end, and those of which it does not know what it told before. */
  async check(client: ApiClient): Promise<{ readonly ended: number; readonly lost: string[] }> {
    const lost: string[] = [];
    let ended = 0;
    for (const id of [...this.#ended.keys(), ...this.#accepted]) {
      const found = await client.json("GET", `/v1/executions/${id}?waitMs=20000`);
      const told = this.#ended.get(id);
      const isThere = found.outcome !== undefined && (told === undefined || told === endOf(found));
      if (isThere) ended++;
      else lost.push(`${id}: ${JSON.stringify(found).slice(0, 300)}`);
    }
    return { ended, lost };
  }
}

// deno-lint-ignore no-explicit-any
function endOf({ outcome, stdout, stderr }: any): string {
  return JSON.stringify([outcome, stdout.length, stderr.length]);
}
