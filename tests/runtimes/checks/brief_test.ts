import { assertEquals } from "@std/assert";
import {
  BRIEF,
  OF_LANGUAGE,
  OF_LAYERED_RUNTIME,
  OF_LAYERS,
  OF_NAME,
  OF_SINGLE_USE,
  OF_WAITER,
  OF_WAITING_LANGUAGE,
} from "./brief.ts";
import { contextChecks } from "./context_checks.ts";
import { DENIAL_CHECKS } from "./denial_checks.ts";
import { ENDING_CHECKS } from "./ending_checks.ts";
import { LASTING_CHECKS } from "./lasting_checks.ts";
import { CHILD_LIMIT_CHECKS, LIMIT_CHECKS } from "./limit_checks.ts";
import { CHILD_CHECKS, SIGNAL_CHECKS } from "./process_checks.ts";
import { PROGRAM_CHECKS } from "./program_checks.ts";

Deno.test("The brief suite names checks that the full suite has, each once, and some of every subject", () => {
  const subjects = [
    PROGRAM_CHECKS,
    ENDING_CHECKS,
    DENIAL_CHECKS,
    LASTING_CHECKS,
    LIMIT_CHECKS,
    CHILD_LIMIT_CHECKS,
    { ...SIGNAL_CHECKS, ...CHILD_CHECKS },
    contextChecks(true),
    contextChecks(false),
  ].map((checks) => Object.keys(checks));
  assertEquals(BRIEF.filter((name, index) => BRIEF.indexOf(name) !== index || !subjects.flat().includes(name)), []);
  assertEquals(subjects.filter((names) => !names.some((name) => BRIEF.includes(name))), []);
});

for (
  const [suite, checks] of Object.entries({
    "combination of layers": OF_LAYERS,
    language: OF_LANGUAGE,
    "layered runtime": OF_LAYERED_RUNTIME,
    name: OF_NAME,
    use: OF_SINGLE_USE,
    waiter: OF_WAITER,
    "waiting language": OF_WAITING_LANGUAGE,
  })
) {
  Deno.test(`The suite of a further ${suite} names checks of the brief one, each once`, () => {
    assertEquals(new Set(checks).size, checks.length);
    assertEquals(checks.filter((name) => !BRIEF.includes(name)), []);
  });
}
