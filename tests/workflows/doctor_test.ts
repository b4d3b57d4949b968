import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { composeCommand, composeService } from "../../src/compose/mod.ts";
import { isHealthy, type ServiceDiagnosis } from "../../src/core/diagnosis.ts";
import { create as createDenoRuntime } from "../../src/runtimes/deno/mod.ts";
import { Confinement } from "../../src/sandbox/confinement.ts";
import { LAYER_CANARIES } from "../../src/runtimes/process/self_test/layer_canaries.ts";
import { openRuntimeHost } from "../support/runtime_host.ts";
import { runCommandLine } from "../support/cli.ts";
import { fakeRuntime } from "../support/fake_runtime.ts";
import { isPresent } from "../support/requirements.ts";
import { PROJECT, startServiceProcess } from "../support/service_process.ts";
import { configFor } from "../support/test_config.ts";
import { WITHOUT_DOCKER, withoutProjectVariables } from "../support/variables.ts";
import { writeWeakenedDeno } from "../support/weakened_deno.ts";

const OF_LAYERS = LAYER_CANARIES.map(({ name }) => name);
const CANARIES = [
  ...["honest", "static_import", "symlink", "workspace_config", "network", "environment", "process", "memory"],
  ...(await hasNamespaces() ? OF_LAYERS : []),
];
const LOCAL = {
  remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 1 },
  completed: Promise.resolve(),
} as const;

async function hasNamespaces(): Promise<boolean> {
  await using host = await openRuntimeHost();
  return host.confinement.canMount && host.confinement.isSandbox;
}

async function doctor(args: readonly string[], directory: string) {
  const env = { ...WITHOUT_DOCKER, CODEBEAKER_HOME: `${directory}/home` };
  const { code, stdout, stderr } = await runCommandLine(["doctor", ...args], { env });
  return { code, stdout, stderr, json: (): ServiceDiagnosis => JSON.parse(stdout) };
}

Deno.test("doctor tells each layer, each canary and the next level, and exits with 0 where all is well", async () => {
  const directory = await Deno.makeTempDir();
  const { code, json } = await doctor(["--json"], directory);
  const { checks, floor, floorReached, memory, runtimes } = json();
  assertEquals(runtimes.flatMap(({ canaries }) => canaries.filter(({ kept }) => !kept)), []);
  assertEquals([code, floor, floorReached], [0, 7, true]);
  assertEquals(checks.map(({ name }) => name), ["service", "kernel", "architecture", "scratch", "home", "keys"]);
  assert(memory.machineMb >= memory.budgetMb && memory.budgetMb > 0);
  const [deno, docker] = ["deno", "docker"].map((name) => runtimes.find(({ runtime }) => runtime === name));
  assertEquals([deno?.runtime, deno?.available, deno?.canaries.map(({ name }) => name)], ["deno", true, CANARIES]);
  assertEquals(deno?.canaries.filter(({ kept }) => !kept), []);
  for (const { active, detail, remedy } of deno?.layers ?? []) assertEquals([active, detail !== ""], [!remedy, true]);
  assertEquals([docker?.runtime, docker?.available, docker?.level, docker?.canaries], ["docker", false, 0, []]);
  assertMatch(docker?.reason ?? "", /no Docker socket/);
  assertMatch(docker?.next?.remedy ?? "", /install Docker/);

  const shown = await doctor([], directory);
  assertEquals([shown.code, shown.stdout.includes("\x1b")], [0, false]);
  for (const name of CANARIES) assertMatch(shown.stdout, new RegExp(`✓ ${name} `));
  assertMatch(shown.stdout, /^deno: available, isolation [78] of 10$/m);
  assertMatch(shown.stdout, /^ {2}To reach 9: install Docker/m);
  assertStringIncludes(shown.stdout, "The isolation floor 7 is reached.");
  await Deno.remove(directory, { recursive: true });
});

Deno.test("doctor exits with 1 where a canary is broken or the floor is not reached, with 2 where it is misused", async () => {
  const directory = await Deno.makeTempDir();
  const broken = await doctor(["--deno-binary", "/usr/bin/env", "--min-isolation", "9"], directory);
  assertEquals(broken.code, 1);
  assertMatch(broken.stdout, /✗ honest +an honest program runs. Seen: /);
  assertStringIncludes(broken.stdout, "No runtime reaches the isolation floor 9");
  assertStringIncludes(broken.stdout, "Broken canaries: deno/honest");
  const tooHigh = await doctor(["--min-isolation", "10", "--json"], directory);
  assertEquals([tooHigh.code, tooHigh.json().floorReached], [1, false]);
  assertEquals((await doctor(["--jsno"], directory)).code, 2);
  await Deno.remove(directory, { recursive: true });
});

/** What the doctor shows in a terminal. */
async function doctorInTerminal(env: Readonly<Record<string, string>>): Promise<string> {
  const { NO_COLOR: _, ...others } = withoutProjectVariables();
  const line = `'${Deno.execPath()}' run --quiet --allow-all main.ts doctor`;
  const terminal = new Deno.Command("script", {
    args: ["--quiet", "--command", line, "/dev/null"],
    cwd: PROJECT,
    clearEnv: true,
    env: { ...others, ...env },
    stdin: "null",
  });
  return new TextDecoder().decode((await terminal.output()).stdout);
}

const scriptAvailability = await new Deno.Command("script", { args: ["--version"] }).output().then(
  () => ({ available: true }) as const,
  () => ({ available: false, reason: "script is not installed" }) as const,
);

if (isPresent("script", scriptAvailability)) {
  Deno.test("doctor is in colours in a terminal, but not where NO_COLOR is set", async () => {
    const colored = (await doctorInTerminal({})).replaceAll("\x1b", "ESC");
    assertMatch(colored, /^ESC\[1mdenoESC\[22m: ESC\[32mavailable, isolation \d of 10ESC\[39m/m);
    const plain = await doctorInTerminal({ NO_COLOR: "1" });
    assertMatch(plain, /^deno: available, isolation \d of 10/m);
    assertEquals(plain.includes("\x1b["), false);
  });
}

Deno.test("doctor believes no proof that is kept", async () => {
  const directory = await Deno.makeTempDir();
  {
    await using _service = await startServiceProcess([], { CODEBEAKER_HOME: `${directory}/home` });
  }
  assert((await Deno.readTextFile(`${directory}/home/self_test.json`)).includes('"deno"'));
  const { code, json } = await doctor(["--deno-binary", "/usr/bin/env", "--json"], directory);
  const kept = json().runtimes[0]?.canaries.flatMap(({ kept, name }) => kept ? [name] : []);
  assertEquals([code, kept?.filter((name) => !OF_LAYERS.includes(name))], [1, []]);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("GET /v1/diagnostics of a service that runs has the keys of doctor --json, at every level", async () => {
  const directory = await Deno.makeTempDir();
  {
    await using service = await startServiceProcess([], { CODEBEAKER_HOME: `${directory}/home` });
    const answer = await fetch(`${service.url}/v1/diagnostics`);
    const told = await answer.json();
    const { code, json } = await doctor(["--json"], directory);
    assertEquals([answer.status, code], [200, 0]);
    assertEquals(shapeOf(told), shapeOf(json()));
    assert(told.runtimes[0].layers.length > 0 && told.runtimes[0].canaries.length > 0);
  }
  await Deno.remove(directory, { recursive: true });
});

/** Its keys with what kind of value each has; a name is kept, since it says of what the others tell. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.fromEntries(
    Object.entries(value).map(([key, held]) => [key, key === "name" || key === "runtime" ? held : shapeOf(held)]),
  );
}

Deno.test("doctor says whether keys are kept in the home", async () => {
  const directory = await Deno.makeTempDir();
  const keysOf = async (args: readonly string[] = []) =>
    (await doctor(["--json", ...args], directory)).json().checks.find(({ name }) => name === "keys")?.detail;
  assertMatch(await keysOf() ?? "", /^none/);
  assertEquals(await keysOf(["--api-keys", `ci=${"k".repeat(40)}`]), "every request must bring one");
  await runCommandLine(["keys", "create", "ci"], { env: { CODEBEAKER_HOME: `${directory}/home` } });
  assertEquals(await keysOf(), "every request must bring one");
  await Deno.remove(directory, { recursive: true });
});

Deno.test("a canary that escapes turns its runtime off: every door says so, and nothing runs", async () => {
  const directory = await Deno.makeTempDir();
  const seen = "the self-test found that programs are not confined: a program connected to this machine";
  const binary = await writeWeakenedDeno(directory, { withoutFlag: "--deny-net*", withFlags: ["--allow-net"] });
  {
    await using service = await composeService(configFor(directory), {
      createRuntimes: (host) => [
        createDenoRuntime({ ...host, confinement: Confinement.none(), settings: { deno: { denoBinary: binary } } }),
      ],
    });
    const ask = async (path: string, body?: unknown) => {
      const response = await service.fetch(
        new Request(`http://localhost:8000${path}`, {
          headers: { host: "localhost:8000" },
          ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
        }),
        LOCAL,
      );
      return { status: response.status, body: await response.json() };
    };
    const diagnosed = await ask("/v1/diagnostics");
    assertEquals(diagnosed.status, 200);
    const diagnosis: ServiceDiagnosis = diagnosed.body;
    const broken = diagnosis.runtimes[0]?.canaries.filter(({ kept }) => !kept) ?? [];
    assertEquals(broken.map(({ name, detail }) => [name, detail]), [[
      "network",
      "a program connected to this machine",
    ]]);
    assertEquals([diagnosis.floorReached, isHealthy(diagnosis), diagnosis.runtimes[0]?.level], [false, false, 0]);

    const ready = await ask("/health/ready");
    assertEquals([ready.status, ready.body.runtimes], [503, [
      { name: "deno", available: false, reason: seen, remedy: "see what codebeaker doctor finds, and mend it" },
    ]]);
    const [listed] = (await ask("/v1/runtimes")).body.runtimes;
    assertEquals([listed.available, listed.reason], [false, seen]);

    const refused = await ask("/v1/executions", { language: "typescript", code: "console.log(1)" });
    assert(["no_suitable_runtime", "runtime_unavailable"].includes(refused.body.code), refused.body.code);
    assertEquals(refused.body.stdout, undefined);
  }
  await Deno.remove(directory, { recursive: true });
});

Deno.test("a service begins the self-tests of its runtimes at its start, and a command does not", async () => {
  for (const [compose, expected] of [[composeService, 1], [composeCommand, 0]] as const) {
    const directory = await Deno.makeTempDir();
    let asked = 0;
    {
      await using _composed = await compose(configFor(directory), {
        createRuntimes: () => [{
          ...fakeRuntime(),
          isAvailable: () => {
            asked++;
            return Promise.resolve({ available: true });
          },
        }],
      });
    }
    assertEquals([compose.name, asked], [compose.name, expected]);
    await Deno.remove(directory, { recursive: true });
  }
});
