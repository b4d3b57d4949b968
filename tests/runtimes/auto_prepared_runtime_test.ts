import { assertEquals, assertMatch } from "@std/assert";
import type { Availability } from "../../src/core/capabilities.ts";
import { noSuitableRuntime } from "../../src/core/no_suitable_runtime.ts";
import { parseSelectionRequest } from "../../src/core/requests/selection_request.ts";
import { AutoPreparedRuntime } from "../../src/runtimes/auto_prepared_runtime.ts";
import type { InstalledBinary, InstallRequest } from "../../src/runtimes/entry.ts";
import type { ExecutionRuntime, RuntimeConfig } from "../../src/runtimes/port.ts";
import { RuntimeSelector } from "../../src/runtimes/selection/selector.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { fakeRuntime } from "../support/fake_runtime.ts";

const REQUEST = parseSelectionRequest({ language: "python" });
const INSTALLED = { path: "/parts", version: "1", wasThere: false };

interface BenchOptions {
  /** Runtimes beside the one whose language is missing. */
  readonly others?: readonly ExecutionRuntime[];
  readonly waitMs?: number;
  /** What an installation does before the language is there. */
  install?(request: InstallRequest): Promise<void>;
}

/** A runtime whose language can be installed, and selections with it. */
function openBench({ install, others = [], waitMs = 60_000 }: BenchOptions = {}) {
  let isHere = false;
  const installed: string[] = [];
  const events: string[] = [];
  const clock = new FakeClock();
  const answer = (): Promise<Availability> =>
    Promise.resolve(isHere ? { available: true } : { available: false, reason: "it is not installed" });
  const fake = fakeRuntime({ name: "late", environments: ["python"] });
  const inner = { ...fake, isAvailable: answer, revision: () => 1 };
  const log = { info: (event: string) => events.push(event), warning: (event: string) => events.push(event) };
  const add = async (name: string, request: InstallRequest): Promise<InstalledBinary> => {
    installed.push(name);
    await install?.(request);
    isHere = true;
    return INSTALLED;
  };
  const runtime = new AutoPreparedRuntime(inner, {
    entry: { name: "late", languages: { names: ["python"], add } },
    host: { home: "/home", instance: undefined, log, searchPath: [], settings: {} },
    clock,
    waitMs: { usual: waitMs, patient: waitMs },
  });
  const selector = new RuntimeSelector([runtime, ...others], { minIsolation: 0 });
  const select = async () => (await selector.rank(REQUEST, { installs: true })).selection;
  return { clock, events, installed, runtime, select, selector };
}

Deno.test("AutoPreparedRuntime installs a language once for all requests that wait for it", async () => {
  const bench = openBench();
  assertEquals(bench.runtime.revision("python"), undefined); // What is installed may change at any time.
  const found = await Promise.all([1, 2, 3].map(() => bench.select()));
  assertEquals(found.map(({ chosen }) => chosen), ["late", "late", "late"]);
  assertEquals([bench.installed, bench.events], [["python"], ["part.install_started", "part.installed"]]);
  assertEquals((await bench.select()).chosen, "late");
  assertEquals([bench.installed, bench.runtime.revision("python")], [["python"], 1]);
  await bench.runtime[Symbol.asyncDispose]();
});

Deno.test("AutoPreparedRuntime keeps no request waiting that another runtime can run", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const here = fakeRuntime({ name: "here", environments: ["python"], startupTimeMs: 5_000, memoryOverheadMB: 900 });
  const bench = openBench({ others: [here], install: () => promise });
  const { chosen, candidates } = await bench.select();
  assertEquals(chosen, "here");
  assertEquals(candidates[1]?.rejectedBecause, { code: "unavailable", detail: "python is being installed (begins)" });
  resolve();
  await bench.runtime[Symbol.asyncDispose]();
  assertEquals((await bench.select()).chosen, "late");
});

Deno.test("AutoPreparedRuntime reports a failed installation, and tries again after 30 s", async () => {
  let fails = true;
  const bench = openBench({ install: () => fails ? Promise.reject(new Error("no registry")) : Promise.resolve() });
  const { chosen, candidates } = await bench.select();
  assertEquals(chosen, null);
  const failed = {
    code: "unavailable",
    detail: "its installation has failed: no registry",
    retryAfterMs: 30_000,
  } as const;
  assertEquals(candidates[0]?.rejectedBecause, failed);
  fails = false;
  bench.clock.advance(29_000);
  assertEquals((await bench.select()).candidates[0]?.rejectedBecause?.retryAfterMs, 1_000);
  assertEquals(bench.installed.length, 1);
  bench.clock.advance(1_000);
  assertEquals((await bench.select()).chosen, "late");
  assertEquals(bench.installed.length, 2);
  await bench.runtime[Symbol.asyncDispose]();
});

Deno.test("AutoPreparedRuntime says how far an installation is that takes long, and no further request waits", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const bench = openBench({
    waitMs: 1,
    async install({ progress }) {
      using task = progress.begin("downloading parts 1.0");
      task.update("3 MB");
      await promise;
    },
  });
  for (let count = 0; count < 2; count++) {
    const selection = await bench.select();
    const { code, details, message } = noSuitableRuntime(selection, { language: "python", supported: ["python"] });
    assertMatch(message, /python is being installed \(downloading parts 1\.0, 3 MB\)/);
    assertEquals([code, details?.retryAfterMs], ["runtime_unavailable", 2_000]);
  }
  assertEquals(bench.installed.length, 1);
  resolve();
  await bench.runtime[Symbol.asyncDispose]();
  assertEquals((await bench.select()).chosen, "late");
});

Deno.test("AutoPreparedRuntime installs nothing for an explanation, a measurement or a list", async () => {
  const bench = openBench();
  assertEquals((await bench.selector.rank(REQUEST)).selection.chosen, "late");
  assertEquals(await bench.runtime.isAvailable("python", { fetchesNothing: true }), {
    available: false,
    reason: "python is installed at its first use",
  });
  assertEquals(await bench.runtime.isAvailable("python", { assumesUntested: true }), { available: true });
  assertEquals(bench.installed, []);
  await bench.runtime[Symbol.asyncDispose]();
});

Deno.test("AutoPreparedRuntime ends an installation when it is disposed of", async () => {
  const bench = openBench({
    waitMs: 1,
    install: ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted")))),
  });
  await bench.select();
  await bench.runtime[Symbol.asyncDispose]();
  assertEquals(bench.events, ["part.install_started"]);
});

Deno.test("AutoPreparedRuntime reports what an installed language lacks", async () => {
  const inner = { ...fakeRuntime({ environments: ["python"], unavailableBecause: "its parts are unreadable" }) };
  await using runtime = new AutoPreparedRuntime(inner, {
    entry: {
      name: "fake",
      languages: { names: ["python"], add: () => Promise.resolve({ ...INSTALLED, wasThere: true }) },
    },
    host: { home: "/home", instance: undefined, log: { info() {}, warning() {} }, searchPath: [], settings: {} },
  });
  const selector = new RuntimeSelector([runtime], { minIsolation: 0 });
  const { selection } = await selector.rank(REQUEST, { installs: true });
  assertEquals(selection.candidates[0]?.rejectedBecause?.detail, "its parts are unreadable");
});

Deno.test("AutoPreparedRuntime reports an installed language that does not work, at each question, and installs nothing", async () => {
  const inner = fakeRuntime({ environments: ["python"], unavailableBecause: "its self-test failed" });
  const add = () => Promise.reject(new Error("nothing is to be installed"));
  await using runtime = new AutoPreparedRuntime(inner, {
    entry: { name: "fake", languages: { names: ["python"], isAdded: () => Promise.resolve(true), add } },
    host: { home: "/home", instance: undefined, log: { info() {}, warning() {} }, searchPath: [], settings: {} },
  });
  for (let count = 0; count < 2; count++) {
    assertEquals(await runtime.isAvailable("python"), { available: false, reason: "its self-test failed" });
  }
  const selector = new RuntimeSelector([runtime], { minIsolation: 0 });
  const { selection } = await selector.rank(REQUEST, { installs: true });
  assertEquals(selection.candidates[0]?.rejectedBecause?.detail, "its self-test failed");
});

Deno.test("a request that has waited in vain for one installation waits for no other", async () => {
  const awaited: boolean[] = [];
  const slow = (name: string) => {
    let hasBegun = false;
    const runtime: ExecutionRuntime = {
      ...fakeRuntime({ name, environments: ["python"] }),
      prepare: (_, { isAwaited }) => {
        awaited.push(isAwaited);
        hasBegun = true;
        return Promise.resolve(false);
      },
      isAvailable: () =>
        Promise.resolve(hasBegun ? { available: false, reason: "it takes long" } : { available: true }),
    };
    return {
      ...runtime,
      assess: async (config: RuntimeConfig) => ({ ...await runtime.assess(config), mustInstall: "it" }),
    };
  };
  const selector = new RuntimeSelector(["one", "two", "three"].map(slow), { minIsolation: 0 });
  assertEquals((await selector.rank(REQUEST, { installs: true })).selection.chosen, null);
  assertEquals(awaited, [true, false, false]);
});
