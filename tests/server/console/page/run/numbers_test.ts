import { assertEquals } from "@std/assert";
import { findMistake } from "../../../../../src/server/console/page/run/numbers.ts";
import { emptyForm } from "../../../../../src/server/console/page/run/program_form.ts";

Deno.test("findMistake() names the field that has no number by its label", () => {
  const form = emptyForm("python", "");
  const table: readonly (readonly [changes: Partial<typeof form>, detail: string | undefined])[] = [
    [{}, undefined],
    [{ limits: { timeoutMs: " 500 ", memoryMb: " ", cpuMs: "1e3" }, minIsolation: "8" }, undefined],
    [{ limits: { timeoutMs: "500", memoryMb: "1,5" } }, '"Memory, in MB" must be a number: 1,5'],
    [{ limits: { diskMb: "Infinity" } }, '"Disk, in MB" must be a number: Infinity'], // JSON has none.
    [{ minIsolation: "much" }, '"Least isolation, 0 to 10" must be a number: much'],
  ];
  for (const [changes, detail] of table) assertEquals(findMistake({ ...form, ...changes })?.detail, detail);
});
