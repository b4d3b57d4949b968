import { assert, assertEquals, assertMatch } from "@std/assert";
import { DEFAULT_LIMITS, type Limits } from "../../../src/core/limits.ts";
import type { Confinement } from "../../../src/sandbox/confinement.ts";
import { create as createDenoRuntime } from "../../../src/runtimes/deno/mod.ts";
import { CANARIES } from "../../../src/runtimes/deno/canaries.ts";
import { denoSpec } from "../../../src/runtimes/deno/spec.ts";
import { createProcessRuntime } from "../../../src/runtimes/process/process_runtime.ts";
import type { ProgramCanary } from "../../../src/runtimes/process/self_test/program_canary.ts";
import { HONEST_CANARY } from "../../../src/runtimes/self_test/canary.ts";
import { runCanaries } from "../../../src/runtimes/process/self_test/test_programs.ts";
import type { LayerName } from "../../../src/sandbox/layers.ts";
import { SelfTestResults } from "../../../src/runtimes/self_test/self_test_results.ts";
import type { ExecutionEnvironment, LoadedRuntime, RuntimeHost } from "../../../src/runtimes/port.ts";
import { configureEnvironment } from "../../support/configure_environment.ts";
import { type DenoWeakening, SAY_READY, writeWeakenedDeno } from "../../support/weakened_deno.ts";
import { until } from "../../support/until.ts";
import { openRuntimeHost } from "../../support/runtime_host.ts";

const LAYERS: readonly LayerName[] = [
  ...(["namespaces", "landlock", "seccomp", "no_new_privs"] as const),
  ...(["own_user", "rlimits", "cgroup", "tmpfs"] as const),
];
/** A Deno that is told other things than the service tells it. */
interface Weakened extends DenoWeakening {
  /** The one that runs beside the honest one: each test is about one. */
  readonly canary: string;
  /** Whether the service believes that the operating system hides the host's files. */
  readonly pretendsToHide?: boolean;
  readonly seen: RegExp;
}

const OWN_VARIABLE = Deno.readTextFileSync("/proc/self/environ").split("\0")
  .find((text) => /^(?!(PATH|HOME|TMPDIR|DENO_|NO_COLOR|NPM_)\b)\w+=[\w./:-]+$/.test(text)) ?? "";

/** What turns the runtime off. */
const VITAL: readonly Weakened[] = [
  {
    canary: "honest",
    before: `grep -q "6 . 7" main.ts && { ${SAY_READY}; echo 43; exit 0; }`,
    seen: /it printed "43\\n"/,
  },
  { canary: "static_import", pretendsToHide: true, seen: /a static import read a file of the host/ },
  {
    canary: "static_import",
    withoutFlag: "--allow-read*",
    withFlags: ["--allow-read"],
    seen: /a static import read a file of the host/,
  },
  {
    canary: "symlink",
    withoutFlag: "--allow-[rw]*",
    withFlags: ["--allow-read", "--allow-write"],
    seen: /a symlink led to a file of the host/,
  },
  {
    canary: "workspace_config",
    withoutFlag: "--no-config",
    pretendsToHide: true,
    seen: /a deno.json in the workspace was obeyed/,
  },
  { canary: "network", withoutFlag: "--deny-net*", withFlags: ["--allow-net"], seen: /connected to this machine/ },
  {
    canary: "environment",
    withoutFlag: "--ignore-env | --allow-env*",
    withFlags: ["--allow-env"],
    before: `export ${OWN_VARIABLE}`,
    seen: /the service's own \w+ was seen/,
  },
  {
    canary: "process",
    withoutFlag: "--deny-run",
    withFlags: ["--allow-run"],
    seen: /a program started another one/,
  },
];

for (const weakened of VITAL) {
  const { canary, seen } = weakened;
  const how = weakened.withoutFlag ?? weakened.withFlags?.join(" ") ?? (weakened.before ? "another binary" : "a layer");
  Deno.test(`[deno] "${canary}" is found broken (${how}), and turns the runtime off`, async () => {
    await using bench = await openWeakened(weakened);
    const { canaries, level, next } = await bench.runtime.diagnose();
    const found = canaries.find(({ name }) => name === canary);
    assertEquals(found?.kept, false);
    assertMatch(found?.detail ?? "", seen);
    assertEquals([level, next?.level], [0, 8]);
    const answer = await bench.runtime.isAvailable();
    assert(!answer.available);
    assertMatch(answer.reason, /the self-test found that programs are not confined: /);
    assertMatch(answer.reason, seen);
    assert(bench.warnings.includes(canary));
  });
}

Deno.test('[deno] "memory" is found broken without its limit, and lowers the level', async () => {
  await using whole = await openWeakened({ canary: "memory" });
  const unlimited: Limits = { ...DEFAULT_LIMITS, memoryMb: 4_096 };
  const findings = await runCanaries({ canaries: canariesWith("memory"), language: "typescript" }, {
    secretPath: "/nope",
    secret: "?",
    hidesFiles: false,
    port: 1,
    connections: () => 0,
    ownVariables: [],
  }, {
    async createEnvironment(config) {
      const environment = await whole.runtime.createEnvironment({ ...config, resourceLimits: unlimited });
      return withLimits(environment, unlimited);
    },
    signal: AbortSignal.timeout(60_000),
  });
  assertEquals(findings.filter(({ kept }) => !kept).map(({ name }) => name), ["memory"]);

  const before = `grep -q 16e6 main.ts && { ${SAY_READY}; exit 0; }`;
  await using bench = await openWeakened({ canary: "memory", before });
  const { canaries, level, next } = await bench.runtime.diagnose();
  assertEquals(canaries.filter(({ kept }) => !kept).map(({ name }) => name), ["memory"]);
  assertEquals([level, next?.level], [6, 8]);
  assertEquals(await bench.runtime.isAvailable(), { available: true });
  assertEquals((await bench.runtime.assess(configureEnvironment("typescript"))).isolation.level, 6);
});

Deno.test("[deno] every canary has a test that shows it can fail", () => {
  assertEquals(
    CANARIES.map(({ name }) => name).filter((name) => name !== "memory" && !VITAL.some((one) => one.canary === name)),
    [],
  );
});

Deno.test("[deno] a passed self-test is remembered in the home for its version, a broken one is not", async () => {
  const home = await Deno.makeTempDir();
  const selfTestResults = new SelfTestResults(home);
  const isAvailable = async (weakened: DenoWeakening) => {
    await using bench = await openWeakened({ canary: "network", ...weakened }, { selfTestResults });
    return (await bench.runtime.isAvailable()).available;
  };
  const broken = { withoutFlag: "--deny-net*", withFlags: ["--allow-net"] };
  assertEquals([await isAvailable(broken), await isAvailable(broken)], [false, false]);
  assertEquals(await Array.fromAsync(Deno.readDir(home)), []);
  assertEquals(await isAvailable({}), true);
  assertEquals((await Array.fromAsync(Deno.readDir(home))).map(({ name }) => name), ["self_test.json"]);
  assertEquals(await isAvailable(broken), false, "another binary is proven by itself");
  await Deno.remove(home, { recursive: true });
});

Deno.test("[deno] a self-test that could not be run is run again, and a missing Deno has no canaries", async () => {
  const directory = await Deno.makeTempDir();
  await using host = await openRuntimeHost();
  await using runtime = createDenoRuntime({ ...host, settings: { deno: { denoBinary: `${directory}/deno` } } });
  const { canaries, level, next } = await runtime.diagnose();
  assertEquals([canaries, level, next?.level], [[], 0, 8]);
  assertEquals((await runtime.isAvailable()).available, false);
  await Deno.symlink(Deno.execPath(), `${directory}/deno`);
  await until(async () => (await runtime.isAvailable()).available, "the runtime is available");
  await Deno.remove(directory, { recursive: true });
});

Deno.test("[deno] a runtime that is disposed of during its self-test leaves no files", async () => {
  await using host = await openRuntimeHost({ selfTestResults: new SelfTestResults(undefined) });
  const runtime = createDenoRuntime(host);
  const diagnosis = runtime.diagnose();
  await until(
    () => [...Deno.readDirSync(host.scratchDirectory ?? "")].some(({ name }) => name.startsWith("env_")),
    "an environment is made",
  );
  await runtime[Symbol.asyncDispose]();
  const left = [...Deno.readDirSync(host.scratchDirectory ?? "")].filter(({ name }) => /^(env_|canary_)/.test(name));
  assertEquals(left, []);
  await diagnosis;
});

interface Bench extends AsyncDisposable {
  readonly runtime: LoadedRuntime;
  /** The canaries that its log was told of. */
  readonly warnings: readonly unknown[];
}

/** A runtime with no layer of the operating system, so that nothing else holds what a weakened Deno lets go. */
async function openWeakened(
  { canary, pretendsToHide = false, ...weakening }: Omit<Weakened, "seen">,
  parts: Partial<RuntimeHost> = {},
): Promise<Bench> {
  await using stack = new AsyncDisposableStack();
  const host = stack.use(await openRuntimeHost({ without: LAYERS }));
  const binary = await writeWeakenedDeno(host.scratchDirectory ?? "", weakening);
  const warnings: unknown[] = [];
  const weakenedHost: RuntimeHost = {
    ...host,
    selfTestResults: new SelfTestResults(undefined),
    settings: { deno: { denoBinary: binary } },
    log: { info: () => {}, warning: (_, { canary }) => void warnings.push(canary) },
    ...(pretendsToHide ? { confinement: pretending(host.confinement) } : {}),
    ...parts,
  };
  const spec = denoSpec(weakenedHost);
  const selfTest = { ...spec.selfTest, canaries: canariesWith(canary) };
  const runtime = stack.use(createProcessRuntime({ ...spec, selfTest }, weakenedHost));
  const owned = stack.move();
  return { runtime, warnings, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** A canary and the honest one. */
function canariesWith(canary: string): ProgramCanary[] {
  return CANARIES.filter(({ name }) => name === canary || name === HONEST_CANARY);
}

/** Layers that are believed to hide the host's files, and do not. */
function pretending(confinement: Confinement): Confinement {
  return new Proxy(confinement, {
    get(target, name) {
      const value: unknown = name === "hidesFiles" ? true : Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function withLimits(environment: ExecutionEnvironment, limits: Limits): ExecutionEnvironment {
  return {
    id: environment.id,
    language: environment.language,
    warm: environment.warm,
    files: environment.files,
    mainFile: (language) => environment.mainFile(language),
    run: (program, options) => environment.run(program, { ...options, limits }),
    [Symbol.asyncDispose]: () => environment[Symbol.asyncDispose](),
  };
}
