import { assertEquals } from "@std/assert";
import { DenialLog, type DenialRecord, MAX_DENIAL_RECORDS, RULES } from "../../../src/core/denials/denial_report.ts";

const NET: DenialRecord = { kind: "net", target: "b.com:443", at: "main.ts:3:7", rule: RULES.netUnlisted };

Deno.test("DenialLog keeps each denial once, at its first occurrence, and a bounded number of them", () => {
  const log = new DenialLog();
  log.add(NET);
  log.add({ ...NET, at: "main.ts:9:9" });
  log.add({ ...NET, kind: "import" });
  assertEquals(log.denials, [NET, { ...NET, kind: "import" }]);
  for (let index = 0; index < 2 * MAX_DENIAL_RECORDS; index++) log.add({ ...NET, target: `${index}` });
  assertEquals(log.denials.length, MAX_DENIAL_RECORDS);
});
