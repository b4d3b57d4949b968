import { assertEquals } from "@std/assert";
import { whyNotVersion } from "../../../src/runtimes/process/oldest_version.ts";

const LATER = { title: "Node", minors: { 22: 18, 23: 6 }, allowsLater: true };
const ONE = { title: "Deno", minors: { 2: 9 }, allowsLater: false };

Deno.test("whyNotVersion() takes the oldest minor version of each major one and what is later", () => {
  for (const version of ["22.18.0\n", "23.6.1\n", "24.0.0\n", "26.1.0\n"]) {
    assertEquals(whyNotVersion(version, LATER), undefined);
  }
  assertEquals(whyNotVersion("2.10.0\n", ONE), undefined);
});

Deno.test("whyNotVersion() names the oldest version of the same major one that will do", () => {
  const table = {
    "22.17.1\n": 'Node 22.18 or later is needed: found "22.17.1"',
    "23.5.0\n": 'Node 23.6 or later is needed: found "23.5.0"',
    "20.19.0\n": 'Node 22.18 or later is needed: found "20.19.0"',
    "a shell\n": 'Node 22.18 or later is needed: found "a shell"',
    "": 'Node 22.18 or later is needed: found ""',
  };
  for (const [output, why] of Object.entries(table)) assertEquals(whyNotVersion(output, LATER), why);
  assertEquals(whyNotVersion("3.0.0\n", ONE), 'Deno 2.9 or a later 2 is needed: found "3.0.0"');
});
