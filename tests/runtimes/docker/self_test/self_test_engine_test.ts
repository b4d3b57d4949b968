import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { CodeBeakerError } from "../../../../src/core/errors.ts";
import { create } from "../../../../src/runtimes/docker/mod.ts";
import { SelfTestResults } from "../../../../src/runtimes/self_test/self_test_results.ts";
import { configFor, DOCKER_HOST, dockerAvailability, openDocker, runCode } from "../../../support/docker.ts";
import { isPresent } from "../../../support/requirements.ts";
import { openRuntimeHost } from "../../../support/runtime_host.ts";
import { until } from "../../../support/until.ts";
import { openWeakenedEngine, type Weakening } from "../../../support/weakened_engine.ts";

const NAMES = [
  ...["honest", "network", "root", "environment", "processes", "privileges", "seccomp"],
  ...["process_count", "memory"],
];

const UNTESTED = { selfTestResults: new SelfTestResults(undefined) };

/** Protections that are left out, and the fault that their canary then finds. */
interface Escape {
  readonly canary: string;
  readonly leftOut: readonly Weakening[];
  readonly seen: RegExp;
}

/** What turns the runtime off. */
const VITAL: readonly Escape[] = [
  { canary: "honest", leftOut: [[/"sh","main\.sh"/, '"sh","main.no"']], seen: /before it said "honest 42"/ },
  { canary: "network", leftOut: [[/"NetworkMode":"none"/, '"NetworkMode":"host"']], seen: /connected to this machine/ },
  {
    canary: "network",
    leftOut: [[/"NetworkMode":"none"/, '"NetworkMode":null']],
    seen: /connected to this machine|has a route/,
  },
  { canary: "root", leftOut: [[/"ReadonlyRootfs":true/, '"ReadonlyRootfs":null']], seen: /wrote to \/var\/tmp/ },
  {
    canary: "environment",
    leftOut: [[/"TMPDIR=\/tmp","LANG=C.UTF-8"/, JSON.stringify(shortVariable())]],
    seen: /the service's own \w+ was seen/,
  },
  { canary: "processes", leftOut: [[/"IpcMode":"none"/, '"PidMode":"host"']], seen: /saw/ },
  { canary: "privileges", leftOut: [[/"CapDrop":\["ALL"\]/, '"CapDrop":[]']], seen: /holds capabilities \(CapBnd/ },
  {
    canary: "privileges",
    leftOut: [[/"SecurityOpt":\["no-new-privileges:true",/, '"SecurityOpt":[']],
    seen: /NoNewPrivs 0/,
  },
];

/** What lowers the level, and to what. */
const OTHERS: readonly (Escape & { readonly level: number; readonly lost?: string })[] = [
  {
    canary: "seccomp",
    leftOut: [[
      /"SecurityOpt":\["no-new-privileges:true","seccomp=(?:[^"\\]|\\.)*"\]/,
      '"SecurityOpt":["no-new-privileges:true","seccomp=unconfined"]',
    ]],
    seen: /not filtered/,
    level: 7,
  },
  {
    canary: "process_count",
    leftOut: [[/"PidsLimit":\d+/, '"PidsLimit":0']],
    seen: /started 64 processes/,
    level: 6,
    lost: "maxProcesses",
  },
  {
    canary: "memory",
    leftOut: [[/"Memory":\d+,"MemorySwap":\d+/, '"Memory":0,"MemorySwap":0']],
    seen: /"exited"/,
    level: 6,
    lost: "memoryMb",
  },
];

if (isPresent("docker", await dockerAvailability("python", "bash"))) {
  Deno.test("[docker] containers keep every promise, which gives their level", async () => {
    await using docker = await openDocker({}, UNTESTED);
    const { canaries, languages, layers, level } = await docker.runtime.diagnose();
    assertEquals(canaries.filter(({ name }) => !name.includes("/")).map(({ name, kept }) => [name, kept]), [
      ...NAMES.map((name) => [name, true]),
    ]);
    assertEquals(level, 9);
    const missing = layers.filter(({ active }) => !active).map(({ name }) => name);
    assertEquals(missing.filter((name) => !["gvisor", "packet_filter"].includes(name)), []);
    assertEquals(languages?.find(({ name }) => name === "python")?.isHere, true);
    await until(async () => (await docker.containers()).length === 0, "those of the test are removed");
  });

  for (const { canary, leftOut, seen } of VITAL) {
    Deno.test(`[docker] "${canary}" is found broken without ${leftOut[0]?.[0].source}: the runtime is off`, async () => {
      await using engine = await openWeakenedEngine(leftOut);
      await using docker = await openDocker({ dockerHost: engine.host }, UNTESTED);
      await docker.runtime.diagnose();
      const answer = await docker.runtime.isAvailable("python");
      assert(!answer.available);
      assertMatch(answer.reason, /^the self-test found that programs are not confined: /);
      assertMatch(answer.reason, seen);
      await assertRejects(() => docker.runtime.createEnvironment(configFor("bash")), CodeBeakerError, answer.reason);
      const { canaries, level, next } = await docker.runtime.diagnose();
      assertEquals(canaries.find(({ name }) => name === canary)?.kept, false);
      assertEquals([level, next?.level], [0, 9]);
      assert(docker.log.some(({ facts }) => facts["canary"] === canary));
    });
  }

  for (const { canary, leftOut, level, lost, seen } of OTHERS) {
    Deno.test(`[docker] "${canary}" is found broken without ${leftOut[0]?.[0].source}: the level is ${level}`, async () => {
      await using engine = await openWeakenedEngine(leftOut);
      await using docker = await openDocker({ dockerHost: engine.host }, UNTESTED);
      await docker.runtime.diagnose();
      assertEquals(await docker.runtime.isAvailable("bash"), { available: true });
      const diagnosis = await docker.runtime.diagnose();
      assertMatch(diagnosis.canaries.find(({ kept }) => !kept)?.detail ?? "", seen);
      const { isolation } = await docker.runtime.assess(configFor("bash"));
      assertEquals([diagnosis.level, isolation.level], [level, level]);
      assertEquals(isolation.limits.filter((name) => name === lost), []);
      assertEquals(isolation.layers.includes("seccomp"), canary !== "seccomp");
      assertEquals(diagnosis.next?.level, 9);
    });
  }

  Deno.test("[docker] every promise counts as broken where the canaries cannot run, and the runtime is off", async () => {
    await using engine = await openWeakenedEngine([[/"User":"65534:65534"/, '"User":"0:65534"']]);
    await using docker = await openDocker({ dockerHost: engine.host }, UNTESTED);
    const { canaries, level } = await docker.runtime.diagnose();
    assertEquals([canaries.filter(({ kept }) => kept), level], [[], 0]);
    const answer = await docker.runtime.isAvailable();
    assert(!answer.available);
    assertMatch(answer.reason, /^its self-test could not be run: /);
    await assertRejects(() => docker.runtime.createEnvironment(configFor("bash")), CodeBeakerError, answer.reason);
  });

  Deno.test("[docker] a passed self-test is remembered in the home, a broken one is not", async () => {
    const home = await Deno.makeTempDir();
    const created = async (host: string) => {
      await using runtimeHost = await openRuntimeHost({
        selfTestResults: new SelfTestResults(home),
        settings: { docker: { dockerHost: host, dockerPull: "never" } },
      });
      await using runtime = create(runtimeHost);
      await runtime.diagnose();
      return await runtime.isAvailable();
    };
    await using broken = await openWeakenedEngine([[/"NetworkMode":"none"/, '"NetworkMode":"host"']]);
    assertEquals([(await created(broken.host)).available, (await created(broken.host)).available], [false, false]);
    assertEquals(await created(DOCKER_HOST), { available: true });
    // The same Engine, which would now be seen to be broken if it were tested again.
    assertEquals(await created(broken.host), { available: true });
    await Deno.remove(home, { recursive: true });
  });

  Deno.test("[docker] a program waits for the self-test, and runs then", async () => {
    await using docker = await openDocker({}, UNTESTED);
    await using environment = await docker.runtime.createEnvironment(configFor("bash", { singleUse: true }));
    assertEquals((await runCode(environment, "echo ran")).stdout, "ran\n");
    assertEquals(docker.runtime.pendingSelfTest?.({ minIsolation: 0 }), undefined);
  });

  Deno.test("[docker] a runtime that is disposed of during its self-test leaves no container", async () => {
    const docker = await openDocker({}, UNTESTED);
    const { presumed, proving } = {
      presumed: await docker.runtime.isAvailable(undefined, { assumesSelfTest: true }),
      proving: docker.runtime.pendingSelfTest?.({ minIsolation: 0 })?.(),
    };
    assertEquals([presumed.available, proving instanceof Promise], [true, true]);
    await docker[Symbol.asyncDispose]();
    assertEquals(await docker.containers(), []);
  });
}

/** A variable of this very process that fits where two others are left out. */
function shortVariable(): string {
  const others = ["PATH", "HOME", "TMPDIR", "LANG", "HOSTNAME", "PWD", "OLDPWD", "SHLVL", "TERM", "_"];
  const found = Deno.readTextFileSync("/proc/self/environ").split("\0")
    .find((text) => /^\w+=./.test(text) && text.length <= 24 && !others.includes(text.slice(0, text.indexOf("="))));
  if (found === undefined) throw new Error("This process has no short variable: start it with one, as NO_COLOR=1");
  return found;
}
