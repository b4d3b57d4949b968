import { assert, assertEquals } from "@std/assert";
import { create as createDenoRuntime } from "../../src/runtimes/deno/mod.ts";
import { create as createNativeRuntime } from "../../src/runtimes/native/mod.ts";
import { create as createWasmRuntime } from "../../src/runtimes/wasm/mod.ts";
import { DOCKER_HOST, dockerAvailability } from "../support/docker.ts";
import { hasPythonModules } from "../support/python_modules.ts";
import { isPresent, programAvailability, testedAvailability } from "../support/requirements.ts";
import { openRuntimeHost, searchPath } from "../support/runtime_host.ts";
import { startServiceProcess } from "../support/service_process.ts";
import { WITHOUT_DOCKER } from "../support/variables.ts";
import { assertPlaygroundRuns, assertProgramsPrint } from "./examples.ts";
import { type Example, examplesOf } from "./page.ts";
import { readPages } from "./pages.ts";
import { checkExamples, checkTypes } from "./run_examples.ts";

/** A service that examples run against; `<!-- service: NAME -->` above a block names it. */
interface ServiceKind {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  /** Whether this machine has what it needs beside what every service does. */
  isHere(): Promise<boolean>;
}

/** Without a name, the service of a machine without Docker; one with keys answers nothing without them. */
const SERVICES: readonly ServiceKind[] = [
  { name: "plain", env: WITHOUT_DOCKER, isHere: () => Promise.resolve(true) },
  { name: "keys", env: WITHOUT_DOCKER, isHere: () => Promise.resolve(true) },
  {
    name: "docker",
    env: { CODEBEAKER_DOCKER_HOST: DOCKER_HOST },
    async isHere() {
      const languages = ["python", "go"];
      const found = languages.map(async (name) => isPresent(`docker/${name}`, await dockerAvailability(name)));
      return (await Promise.all(found)).every(Boolean);
    },
  },
  {
    name: "data",
    env: WITHOUT_DOCKER,
    isHere: async () => isPresent("pandas", await hasPythonModules("pandas", "matplotlib")),
  },
  {
    name: "added languages",
    env: { ...WITHOUT_DOCKER, PATH: searchPath().join(":") },
    async isHere() {
      await using host = await openRuntimeHost();
      await using runtime = createWasmRuntime(host);
      return isPresent("wasm/python", await testedAvailability(runtime, "python"));
    },
  },
];

const pages = await readPages();
const examples = pages.flatMap((page) => examplesOf(page).examples.map((example) => ({ path: page.path, example })));

async function hasSurroundings(): Promise<boolean> {
  await using host = await openRuntimeHost();
  const layers = host.confinement.isSandbox
    ? { available: true } as const
    : { available: false, reason: "the pages' answers are those of a machine with a sandbox" } as const;
  const found = [
    isPresent("deno", await testedAvailability(createDenoRuntime(host))),
    isPresent("native/python", await testedAvailability(createNativeRuntime(host), "python")),
    isPresent("sandbox", layers),
    isPresent("curl", await programAvailability("curl")),
  ];
  return found.every(Boolean);
}

Deno.test("every example names a service that there is", () => {
  const names = SERVICES.map(({ name }) => name);
  const unknown = examples.filter(({ example }) => !names.includes(example.block.service ?? "plain"));
  assertEquals(unknown, []);
  assert(examples.length > 30, "The pages have lost their examples");
});

Deno.test("every block of TypeScript has the right types", async () => {
  assertEquals(await checkTypes(examples.map(({ example }) => example)), "");
});

if (await hasSurroundings()) {
  for (const kind of SERVICES) {
    if (!await kind.isHere()) continue;
    Deno.test(`[${kind.name}] every example of every page prints what its page says`, async (test) => {
      await runAll(kind, test);
    });
  }
}

async function runAll({ name, env }: ServiceKind, test: Deno.TestContext): Promise<void> {
  const own = examples.filter(({ example }) => (example.block.service ?? "plain") === name);
  assert(own.length > 0, `No example runs against the service ${name}`);
  const home = await Deno.makeTempDir();
  try {
    await using service = await startServiceProcess([], { ...env, CODEBEAKER_HOME: home });
    const surroundings = { url: service.url, env: { ...env, CODEBEAKER_HOME: home } };
    if (name === "plain") {
      await test.step("examples/", () => assertProgramsPrint(service.url));
      await test.step("examples/playground.ts", () => assertPlaygroundRuns(service.url));
    }
    for (const [path, of] of Map.groupBy(own, ({ path }) => path)) {
      await test.step(path, async () => {
        const faults = await checkExamples(path, of.map(({ example }): Example => example), surroundings);
        if (faults.length > 0) throw new Error(faults.join("\n\n"));
      });
    }
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}
