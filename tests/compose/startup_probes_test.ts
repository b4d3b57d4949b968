import { assertEquals } from "@std/assert";
import type { Availability } from "../../src/core/capabilities.ts";
import { StartupProbes } from "../../src/compose/startup_probes.ts";
import type { ExecutionRuntime } from "../../src/runtimes/port.ts";
import { fakeRuntime } from "../support/fake_runtime.ts";

const AVAILABLE: Availability = { available: true };
const GONE: Availability = { available: false, reason: "not installed" };

/** Runtimes that answer when a test says so, and the names of those that were asked. */
function askedRuntimes(names: readonly string[]) {
  const asked: string[] = [];
  const answers = new Map(names.map((name) => [name, Promise.withResolvers<Availability>()]));
  const runtimes = names.map((name): ExecutionRuntime => ({
    ...fakeRuntime({ name }),
    isAvailable: () => {
      asked.push(name);
      return answers.get(name)?.promise ?? Promise.resolve(GONE);
    },
  }));
  return { asked, runtimes, answer: (name: string, answer: Availability) => answers.get(name)?.resolve(answer) };
}

Deno.test("StartupProbes asks the others when it may and the one before has answered", async () => {
  const { answer, asked, runtimes } = askedRuntimes(["one", "two", "three"]);
  using probes = new StartupProbes(runtimes);
  answer("one", GONE);
  await probes.firstAnswer;
  assertEquals(asked, ["one"]);
  probes.probeOthers(() => false);
  answer("two", AVAILABLE);
  assertEquals(await probes.firstAvailable, "two");
  answer("three", GONE);
  await probes.allAnswered;
  assertEquals(asked, ["one", "two", "three"]);
});

Deno.test("StartupProbes ends with what it has where it is disposed of, and counts a failure as unavailable", async () => {
  const { answer, asked, runtimes } = askedRuntimes(["two", "three"]);
  const broken = { ...fakeRuntime({ name: "one" }), isAvailable: () => Promise.reject(new Error("no such module")) };
  const probes = new StartupProbes([broken, ...runtimes]);
  probes.probeOthers(() => false);
  answer("two", GONE);
  probes[Symbol.dispose]();
  await probes.allAnswered;
  assertEquals(await probes.firstAvailable, undefined);
  assertEquals(asked.includes("three"), false);
});

Deno.test("StartupProbes asks no further runtime while programs run", async () => {
  const { answer, asked, runtimes } = askedRuntimes(["one", "two"]);
  using probes = new StartupProbes(runtimes);
  let isBusy = true;
  const looked = Promise.withResolvers<void>();
  probes.probeOthers(() => {
    looked.resolve();
    return isBusy;
  });
  answer("one", AVAILABLE);
  await looked.promise;
  assertEquals(asked, ["one"]);
  isBusy = false;
  answer("two", AVAILABLE);
  await probes.allAnswered;
  assertEquals(asked, ["one", "two"]);
});
