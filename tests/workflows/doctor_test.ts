import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { composeCommand, composeService } from "../../src/compose/mod.ts";
import { isHealthy, type ServiceDiagnosis } from "../../src/core/diagnosis.ts";
import { deno } from "../../src/runtimes/deno/entry.ts";
import { createRuntimes } from "../../src/runtimes/registry.ts";
import { Confinement } from "../../src/sandbox/confinement.ts";
import { LAYER_CANARIES, SHARED_CANARIES } from "../../src/runtimes/process/self_test/layer_canaries.ts";
import { documentedFetch } from "../support/documented.ts";
import { openRuntimeHost } from "../support/runtime_host.ts";
import { runAlone, runCommandLine } from "../support/cli.ts";
import { fakeRuntime } from "../support/fake_runtime.ts";
import { createKey } from "../support/keys.ts";
import { isPresent, NOT_YET, programAvailability } from "../support/requirements.ts";
import { openService } from "../support/own_service.ts";
import { COMMAND_LINE, PROJECT, startServiceProcess } from "../support/service_process.ts";
import { configFor } from "../support/test_config.ts";
import { until } from "../support/until.ts";
import { DENO_ALONE, WITHOUT_DOCKER, withoutProjectVariables } from "../support/variables.ts";
import { writeWeakenedDeno } from "../support/weakened_deno.ts";

const OF_LAYERS = await canariesOfLayers();
const CANARIES = [
  ...["honest", "static_import", "symlink", "workspace_config", "network", "environment", "process", "memory"],
  ...OF_LAYERS,
];
const LOCAL = {
  remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 1 },
  completed: Promise.resolve(),
} as const;

/** The names of the canaries that a sandbox adds. */
async function canariesOfLayers(): Promise<string[]> {
  await using host = await openRuntimeHost();
  const { canMount, isSandbox } = host.confinement;
  return (isSandbox ? [...LAYER_CANARIES, ...(canMount ? [] : SHARED_CANARIES)] : []).map(({ name }) => name);
}

/** What the doctor says in a process of its own. */
interface Told {
  readonly code: number;
  readonly stdout: string;
  json(): ServiceDiagnosis;
}

/** On a machine that can run nothing. */
const NOTHING = { ...DENO_ALONE, CODEBEAKER_DENO_BINARY: "/nowhere/deno" };

async function doctor(
  args: readonly string[],
  { directory, env }: { readonly directory: string; readonly env?: Readonly<Record<string, string>> },
): Promise<Told> {
  const all = { ...WITHOUT_DOCKER, CODEBEAKER_HOME: `${directory}/home`, ...env };
  const { code, stdout } = await runCommandLine(["doctor", ...args], { env: all });
  return { code, stdout, json: () => JSON.parse(stdout) };
}

/** The same in this process, where nothing can be run. */
async function doctorOfNothing(args: readonly string[], directory: string): Promise<Told> {
  const env = { ...NOTHING, CODEBEAKER_HOME: `${directory}/home` };
  const { code, stdout } = await runAlone(["doctor", ...args], { env });
  return { code, stdout, json: () => JSON.parse(stdout) };
}

Deno.test("doctor tells each layer, each canary and the next level as GET /v1/diagnostics does, and exits with 0 where all is well", async () => {
  const directory = await Deno.makeTempDir();
  const { code, json } = await doctor(["--json"], { directory, env: DENO_ALONE });
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
  {
    await using service = await startServiceProcess([], { ...DENO_ALONE, CODEBEAKER_HOME: `${directory}/home` });
    const answer = await documentedFetch(`${service.url}/v1/diagnostics`);
    const told = await answer.json();
    assertEquals([answer.status, shapeOf(told)], [200, shapeOf(json())]);
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

Deno.test("doctor exits with 1 where a canary is broken, whatever proof is kept, or the floor is not reached, with 2 where it is misused", async () => {
  const directory = await Deno.makeTempDir();
  {
    await using _service = await openService({ home: `${directory}/home` });
    await until(() => existsSync(`${directory}/home/self_test.json`), "a self-test has passed");
  }
  assert((await Deno.readTextFile(`${directory}/home/self_test.json`)).includes('"deno"'));
  const flags = ["--deno-binary", "/usr/bin/env", "--min-isolation", "9"];
  const broken = await doctor(flags, { directory, env: DENO_ALONE });
  assertEquals(broken.code, 1);
  assertStringIncludes(broken.stdout, "No runtime reaches the isolation floor 9");
  assertStringIncludes(broken.stdout, "Broken canaries: deno/honest");
  const [, canaries = ""] = /^deno: .*?Canaries\n(.*?)\n\n/ms.exec(broken.stdout) ?? [];
  const kept = CANARIES.filter((name) => new RegExp(`✓ ${name} `).test(canaries));
  assertMatch(canaries, /✗ honest +an honest program runs. Seen: /);
  assertEquals(kept.filter((name) => !OF_LAYERS.includes(name)), []);
  const tooHigh = await doctorOfNothing(["--min-isolation", "10", "--json"], directory);
  const { floorReached, runtimes } = tooHigh.json();
  assertEquals([tooHigh.code, floorReached, runtimes.flatMap(({ canaries }) => canaries)], [1, false, []]);
  assertEquals((await doctorOfNothing(["--jsno"], directory)).code, 2);
  await Deno.remove(directory, { recursive: true });
});

/** What the doctor shows in a terminal. */
async function doctorInTerminal(env: Readonly<Record<string, string>>): Promise<string> {
  const { NO_COLOR: _, ...others } = withoutProjectVariables();
  const line = [...COMMAND_LINE, "doctor"].map((word) => `'${word}'`).join(" ");
  const terminal = new Deno.Command("/usr/bin/script", {
    args: ["--quiet", "--command", line, "/dev/null"],
    cwd: PROJECT,
    clearEnv: true,
    env: { ...others, ...env },
    stdin: "null",
  });
  return new TextDecoder().decode((await terminal.output()).stdout);
}

if (isPresent("script", await programAvailability("/usr/bin/script"))) {
  Deno.test("doctor shows everything in colours in a terminal, but not where NO_COLOR is set", async () => {
    const colored = (await doctorInTerminal(DENO_ALONE)).replaceAll("\x1b", "ESC");
    assertMatch(colored, /^ESC\[1mdenoESC\[22m: ESC\[32mavailable, isolation [78] of 10ESC\[39m/m);
    for (const name of CANARIES) assertMatch(colored, new RegExp(`ESC\\[32m✓ESC\\[39m ${name} `));
    assertMatch(colored, /^ {2}ESC\[1mTo reach 9ESC\[22m: install Docker/m);
    assertStringIncludes(colored, "The isolation floor 7 is reached.");
    const plain = await doctorInTerminal({ ...NOTHING, NO_COLOR: "1" });
    assertMatch(plain, /^deno: unavailable: /m);
    assertEquals(plain.includes("\x1b["), false);
  });
}

Deno.test("doctor says whether keys are kept in the home", async () => {
  const directory = await Deno.makeTempDir();
  const keysOf = async (args: readonly string[] = []) =>
    (await doctorOfNothing(["--json", ...args], directory)).json().checks.find(({ name }) => name === "keys")?.detail;
  assertMatch(await keysOf() ?? "", /^none/);
  assertEquals(await keysOf(["--api-keys", `ci=${"k".repeat(40)}`]), "every request must bring one");
  await createKey(`${directory}/home`, "ci");
  assertEquals(await keysOf(), "every request must bring one");
  await Deno.remove(directory, { recursive: true });
});

Deno.test("a canary that escapes turns its runtime off: every door says so, and nothing runs", async () => {
  const directory = await Deno.makeTempDir();
  const seen = "the self-test found that programs are not confined: a program connected to this machine";
  const binary = await writeWeakenedDeno(directory, { withoutFlag: "--deny-net*", withFlags: ["--allow-net"] });
  {
    await using service = await composeService(configFor(directory), {
      createRuntimes: (host) =>
        createRuntimes({ ...host, confinement: Confinement.none(), settings: { deno: { denoBinary: binary } } }, [
          deno,
        ]),
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

    // What fails is tested anew, for longer than a busy service lets a client wait.
    const askTested = async (path: string) => {
      let answer = await ask(path);
      const isTested = () => !NOT_YET.test(JSON.stringify(answer.body));
      await until(async () => isTested() || (answer = await ask(path), isTested()), "the self-test is over");
      return answer;
    };
    const ready = await askTested("/health/ready");
    assertEquals([ready.status, ready.body.runtimes], [503, [
      {
        name: "deno",
        available: false,
        reason: seen,
        remedy: "see the findings of codebeaker doctor, and mend their causes",
      },
    ]]);
    const [listed] = (await askTested("/v1/runtimes")).body.runtimes;
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
