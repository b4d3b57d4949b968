import { assertEquals, assertStringIncludes } from "@std/assert";
import { packTar } from "modern-tar";
import { Readable } from "node:stream";
import { DOCKER_HOST, dockerAvailability, openEngine } from "../support/docker.ts";
import type { Selection } from "../../src/core/selection.ts";
import { isPresent } from "../support/requirements.ts";
import { until } from "../support/until.ts";
import { type Answer, ask, describe } from "../support/service_client.ts";
import { type ServiceProcess, startServiceProcess } from "../support/service_process.ts";

const PRINT = { typescript: "console.log(40 + 2)", python: "print(40 + 2)" };
/** An address where nobody listens: an image of this registry cannot be pulled. */
const NOWHERE = "127.0.0.1:1/nothing:1";

function startService(settings: Record<string, string> = {}): Promise<ServiceProcess> {
  return startServiceProcess([], {
    CODEBEAKER_DOCKER_HOST: DOCKER_HOST,
    CODEBEAKER_DOCKER_PULL: "never",
    ...settings,
  });
}

function select(service: ServiceProcess, request: Record<string, unknown>): Promise<Answer> {
  return ask(service, "/v1/runtimes/select", { language: "typescript", ...request });
}

function rejection({ body }: Answer, runtime: string): { code: string; detail: string } | undefined {
  return body.candidates.find((candidate: { runtime: string }) => candidate.runtime === runtime)?.rejectedBecause;
}

/** The candidates that passed every filter, in alphabetical order. */
function passedOf({ candidates }: Selection): string[] {
  return candidates.filter(({ passed }) => passed).map(({ runtime }) => runtime).toSorted();
}

/** An image with one empty file in it: there is no shell that could start a program. */
async function importEmptyImage(name: string): Promise<void> {
  const [repo = "", tag = ""] = name.split(":");
  const archive = await packTar([{ header: { name: "nothing", type: "file", size: 0, mode: 0o644 }, body: "" }]);
  const engine = openEngine();
  const answer = await engine.importImage(Readable.from([archive]), { repo, tag });
  for await (const _ of answer);
}

if (isPresent("docker", await dockerAvailability("typescript", "python", "bash"))) {
  Deno.test("[docker] requests go where they are served best, and safely enough", async (t) => {
    await using service = await startService();
    const levels = { deno: (await describe(service, "deno")).isolation.level, docker: 9 };

    for (
      const [preference, chosen] of [["speed", "deno"], ["memory", "deno"], ["balanced", "deno"], [
        "security",
        "docker",
      ]]
    ) {
      await t.step(`TypeScript for ${preference} is run by ${chosen}`, async () => {
        const { body } = await ask(service, "/v1/executions", {
          language: "typescript",
          code: PRINT.typescript,
          preference,
          explain: true,
        });
        assertEquals([body.runtime, body.stdout, body.selection.chosen], [chosen, "42\n", chosen]);
        assertEquals(passedOf(body.selection), ["deno", "docker"]);
      });
    }

    for (const preference of ["speed", "memory", "balanced", "security"]) {
      const isHere = (await describe(service, "native")).available;
      const chosen = isHere && preference !== "security" ? "native" : "docker";
      await t.step(`Python for ${preference} is run by ${chosen}`, async () => {
        const request = { language: "python", code: PRINT.python, preference, explain: true };
        const { body } = await ask(service, "/v1/executions", request);
        assertEquals([body.runtime, body.stdout], [chosen, "42\n"]);
        assertEquals(passedOf(body.selection), isHere ? ["docker", "native"] : ["docker"]);
        assertEquals(rejection({ status: 200, body: body.selection }, "deno")?.code, "unsupported_language");
      });
    }

    await t.step("an isolation floor of 9 is reached by docker", async () => {
      const { body } = await ask(service, "/v1/executions", {
        language: "typescript",
        code: PRINT.typescript,
        preference: "speed",
        minIsolation: 9,
        explain: true,
      });
      assertEquals([body.runtime, body.stdout, body.selection.floor], ["docker", "42\n", 9]);
      const answer = await select(service, { minIsolation: 9 });
      assertEquals(rejection(answer, "deno")?.code, levels.deno < 9 ? "below_isolation_floor" : undefined);
    });

    await t.step("starting programs is granted by docker where Deno cannot contain them", async () => {
      const answer = await select(service, { permissions: { allowRun: true } });
      const refused = rejection(answer, "deno");
      assertEquals(answer.body.chosen, refused === undefined ? "deno" : "docker");
      if (refused !== undefined) assertEquals(refused.code, "cannot_honour_permissions");
      const { body } = await ask(service, "/v1/executions", {
        language: "typescript",
        code: 'console.log(new TextDecoder().decode(new Deno.Command("echo", { args: ["run"] }).outputSync().stdout))',
        permissions: { allowRun: true },
        runtime: "docker",
      });
      assertStringIncludes(body.stdout, "run\n");
    });

    await t.step("a list of hosts is kept by deno alone", async () => {
      const answer = await select(service, { permissions: { allowNet: ["example.com:443"] }, preference: "security" });
      assertEquals([answer.body.chosen, rejection(answer, "docker")?.code], ["deno", "cannot_honour_permissions"]);
    });

    await t.step("a limit that only docker enforces decides", async () => {
      const { body } = await ask(service, "/v1/runtimes");
      const deno = body.runtimes.find(({ name }: { name: string }) => name === "deno");
      const limits = { diskMb: 16, memoryMb: 128, maxProcesses: 8, cpuMs: 1_000 };
      const answer = await select(service, { limits });
      const missing = Object.keys(limits).filter((name) => !deno.isolation.limits.includes(name));
      assertEquals(answer.body.chosen, missing.length === 0 ? "deno" : "docker");
      assertEquals(rejection(answer, "docker"), undefined);
      if (missing.length > 0) assertStringIncludes(rejection(answer, "deno")?.detail ?? "", missing[0] ?? "");
    });

    await t.step("a forced runtime is the only one, and still has to pass", async () => {
      assertEquals((await select(service, { runtime: "docker" })).body.chosen, "docker");
      const answer = await select(service, { runtime: "docker", permissions: { allowNet: ["example.com"] } });
      assertEquals([answer.body.chosen, rejection(answer, "deno")?.code], [null, "not_requested"]);
    });
  });

  Deno.test("[docker] an image that cannot be pulled sends a request to the next runtime, and never below the floor", async () => {
    await using service = await startService({
      CODEBEAKER_DOCKER_PULL: "missing",
      CODEBEAKER_DOCKER_ENVIRONMENTS: JSON.stringify({ typescript: { image: NOWHERE } }),
    });
    const request = { language: "typescript", code: PRINT.typescript, preference: "security" };
    const floored = await ask(service, "/v1/executions", { ...request, minIsolation: 9 });
    assertEquals([floored.status, floored.body.code], [503, "runtime_unavailable"]);
    assertEquals(floored.body.attempts.map(({ runtime }: { runtime: string }) => runtime), ["docker"]);
    assertStringIncludes(floored.body.attempts[0].error, NOWHERE);
    const docker = await describe(service, "docker");
    const typescript = docker.environments.find(({ name }: { name: string }) => name === "typescript");
    assertEquals([docker.available, typescript.available], [true, false]);
    assertStringIncludes(typescript.reason, NOWHERE);
    const { body } = await ask(service, "/v1/executions", request);
    assertEquals([body.runtime, body.stdout, body.attempts], ["deno", "42\n", undefined]);
    const { body: python } = await ask(service, "/v1/executions", {
      ...{ language: "python", runtime: "docker" },
      code: PRINT.python,
    });
    assertEquals([python.runtime, python.stdout], ["docker", "42\n"]);
  });

  Deno.test("[docker] the first request for an image that cannot be pulled tells both attempts", async () => {
    await using service = await startService({
      CODEBEAKER_DOCKER_PULL: "missing",
      CODEBEAKER_DOCKER_ENVIRONMENTS: JSON.stringify({ typescript: { image: NOWHERE } }),
    });
    const { status, body } = await ask(service, "/v1/executions", {
      language: "typescript",
      code: PRINT.typescript,
      preference: "security",
      explain: true,
    });
    assertEquals([status, body.runtime, body.stdout, body.selection.chosen], [200, "deno", "42\n", "docker"]);
    assertEquals(body.attempts.map(({ runtime }: { runtime: string }) => runtime), ["docker"]);
    assertStringIncludes(body.attempts[0].error, NOWHERE);
  });

  Deno.test("[docker] a program that cannot be started in its container goes to the next runtime", async () => {
    const image = `codebeaker-test/nothing:${crypto.randomUUID()}`;
    await importEmptyImage(image);
    await using service = await startService({
      CODEBEAKER_DOCKER_ENVIRONMENTS: JSON.stringify({ typescript: { image } }),
    });
    try {
      const request = { language: "typescript", code: PRINT.typescript, preference: "security", explain: true };
      const { body } = await ask(service, "/v1/executions", request);
      assertEquals([body.runtime, body.stdout, body.selection.chosen], ["deno", "42\n", "docker"]);
      assertEquals(body.attempts.map(({ runtime }: { runtime: string }) => runtime), ["docker"]);
      const floored = await ask(service, "/v1/executions", { ...request, minIsolation: 9 });
      assertEquals([floored.status, floored.body.code], [503, "runtime_unavailable"]);
    } finally {
      const remove = () => openEngine().getImage(image).remove().then(() => true, () => false);
      await until(remove, "the image is removed, which no container uses any more");
    }
  });
}
