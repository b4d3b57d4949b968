import { assertEquals } from "@std/assert";
import { Admission } from "../../src/engine/mod.ts";
import { CALLER } from "../support/engine_of.ts";

const USAGE = { wallMs: 5, startupMs: 1, cpuMs: 3, peakMemoryBytes: null };

Deno.test("Admission.charge() charges the tenant, and fails nothing that ran when that cannot be written down", () => {
  const charged: unknown[] = [];
  const admission = new Admission({
    maxConcurrent: 1,
    quotas: {
      start: () => {},
      enter: () => Promise.resolve({ [Symbol.dispose]: () => {} }),
      charge: (principal, usage) => {
        charged.push([principal, usage]);
        throw new Error("database is locked");
      },
    },
  });
  admission.charge(CALLER.principal, USAGE);
  assertEquals(charged, [[CALLER.principal, USAGE]]);
});
