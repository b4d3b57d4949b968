import { assert, assertEquals } from "@std/assert";
import { languageCanaries, type TestPrograms } from "../../../../src/runtimes/process/self_test/language_tests.ts";
import { versionOf } from "../../../../src/runtimes/process/self_test/test_programs.ts";

const PROGRAMS: TestPrograms = {
  honest: "print(42)",
  readFile: (path) => `print(open("${path}"))`,
  connect: (port) => `connect(${port})`,
  exhaust: "take_all()",
};

/** The version of a self-test with other programs or modules. */
function versionWith(programs: Partial<TestPrograms>, modules: Readonly<Record<string, string>> = {}): string {
  return versionOf({
    binary: Deno.execPath(),
    confinement: { canMount: true, isSandbox: true, version: "" },
    spec: {
      facts: { runsAnyCommandLine: true },
      modules,
      selfTest: {
        canaries: languageCanaries("main", { ...PROGRAMS, ...programs }),
        language: "any",
        variableNames: [],
      },
    },
  });
}

Deno.test("versionOf() changes with the text of a canary, though a function makes it, and with that of a module", () => {
  assertEquals(versionWith({}), versionWith({ readFile: (path) => `print(open("${path}"))` }));
  const others = [
    versionWith({ readFile: (path) => `print(open("${path}").read())` }),
    versionWith({ exhaust: "take_more()" }),
    versionWith({}, { "start.js": "" }),
  ];
  for (const other of others) assert(other !== versionWith({}));
});
