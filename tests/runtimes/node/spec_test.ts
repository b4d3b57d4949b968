import { assertEquals } from "@std/assert";
import { nodeSpec } from "../../../src/runtimes/node/spec.ts";
import { Confinement } from "../../../src/sandbox/confinement.ts";

const SPEC = nodeSpec({
  scratchDirectory: undefined,
  confinement: Confinement.none(),
  openNetworks: [],
  settings: {},
  searchPath: [],
  instance: undefined,
  selfTestResults: { has: () => Promise.resolve(false), add: () => Promise.resolve() },
  recoverable: new Set(),
  log: { info: () => {}, warning: () => {} },
});

Deno.test("nodeSpec() names the oldest version of the same major one that will do", () => {
  assertEquals(["22.18.0\n", "23.6.1\n", "24.0.0\n", "26.1.0\n"].map(SPEC.binary.probe.whyNot), [
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  assertEquals(["22.17.1\n", "23.5.0\n", "20.19.0\n", "a shell\n", ""].map(SPEC.binary.probe.whyNot), [
    'Node 22.18 or later is needed: found "22.17.1"',
    'Node 23.6 or later is needed: found "23.5.0"',
    'Node 22.18 or later is needed: found "20.19.0"',
    'Node 22.18 or later is needed: found "a shell"',
    'Node 22.18 or later is needed: found ""',
  ]);
});
