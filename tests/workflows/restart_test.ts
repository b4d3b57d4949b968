import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { openStorage } from "../../src/storage/mod.ts";
import { ApiClient } from "../support/api_client.ts";
import { containersOf, DOCKER_HOST, dockerAvailability, openEngine } from "../support/docker.ts";
import { fakeExecution } from "../support/fake_ports.ts";
import { FootprintWatch } from "../support/footprint.ts";
import { kill, startIn, withPlaces } from "../support/places.ts";
import { isPresent } from "../support/requirements.ts";
import { openRuntimeHost } from "../support/runtime_host.ts";
import { until } from "../support/until.ts";

async function namesIn(directory: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name);
}

async function endPrograms() {
  await using host = await openRuntimeHost();
  return host.confinement.layers.includes("no_new_privs")
    ? { available: true } as const
    : { available: false, reason: "without setpriv, programs outlive a killed service" } as const;
}

const endsPrograms = isPresent("setpriv", await endPrograms());

Deno.test("SIGKILL ends programs, and loses nothing that was acknowledged: what ended is read, what ran is interrupted, sessions are closed", () =>
  withPlaces(async (places) => {
    const first = await startIn(places);
    const before = new ApiClient(first);
    const run = (code: string, headers: Record<string, string> = {}) =>
      before.json("POST", "/v1/executions", { language: "typescript", code, env: { TOKEN: "s3cret" } }, headers);
    const ended = await run("console.log('kept')", { "idempotency-key": "once" });
    const running = await run("console.log('begun'); setInterval(() => {}, 1000);", { prefer: "respond-async" });
    const { id: sessionId } = await before.openSession({ language: "typescript", metadata: { mine: true } });
    const inSession = `/v1/sessions/${sessionId}/executions`;
    const step = [{ code: "console.log('step')" }, { "idempotency-key": "step" }] as const;
    const stepped = await before.json("POST", inSession, ...step);
    await until(
      async () => (await before.json("GET", `/v1/executions/${running.id}`)).stdout === "begun\n",
      "the program runs",
    );
    const watch = new FootprintWatch(places.scratch);
    watch.learn(first.process.pid);
    await kill(first);
    const areGone = async () => (await watch.look()).processes.length === 0;
    if (endsPrograms) await until(areGone, "its programs are gone with it");
    {
      await using second = await startIn(places);
      const after = new ApiClient(second);
      const { status: _status, ...execution } = await after.json("GET", `/v1/executions/${ended.id}`);
      const { status: _answered, ...answered } = ended;
      assertEquals(execution, answered);
      const lost = await after.json("GET", `/v1/executions/${running.id}`);
      assertEquals([lost.status, lost.outcome.kind, lost.runtime], [200, "interrupted", "deno"]);
      const session = await after.json("GET", `/v1/sessions/${sessionId}`);
      assertEquals([session.state, session.closedBecause, session.metadata], ["closed", "service_lost", {
        mine: true,
      }]);
      assertEquals((await after.json("GET", "/v1/sessions?state=closed")).sessions.length, 1);
      const repeated = await after.json("POST", "/v1/executions", {
        language: "typescript",
        code: "console.log('kept')",
        env: { TOKEN: "s3cret" },
      }, { "idempotency-key": "once" });
      assertEquals(repeated.id, ended.id);
      assertEquals(await after.json("POST", inSession, ...step), stepped);
      assertEquals((await after.json("POST", inSession, step[0])).code, "conflict");
      assertEquals((await namesIn(places.scratch)).length, 2);
    }
    assertEquals(await namesIn(places.scratch), []);
    for (const name of await namesIn(places.home)) {
      const path = join(places.home, name);
      if (!(await Deno.stat(path)).isFile) continue;
      const text = await Deno.readFile(path).then((bytes) => new TextDecoder().decode(bytes));
      for (const secret of ["s3cret", "setInterval"]) assert(!text.includes(secret), `${name} holds ${secret}`);
    }
  }));

Deno.test("a service that cannot write down what an earlier one left says so, and does not start", () =>
  withPlaces(async (places) => {
    const path = join(places.home, "codebeaker.db");
    {
      using storage = openStorage(path);
      storage.executions.begin({ tenant: "local", draft: fakeExecution() });
    }
    {
      using database = new DatabaseSync(path);
      database.exec(`
        CREATE TRIGGER full BEFORE UPDATE ON executions BEGIN
          SELECT RAISE(ABORT, 'database or disk is full');
        END
      `);
    }
    const started = startIn(places).then((service) => service[Symbol.asyncDispose]());
    const { message } = await assertRejects(() => started, Error);
    assertStringIncludes(
      message,
      "codebeaker: Cannot start as the unfinished executions of an earlier service cannot be",
    );
    assertStringIncludes(message, "database or disk is full");
    assert(!message.includes("    at "), message);
  }));

if (isPresent("docker", await dockerAvailability("bash"))) {
  Deno.test("[docker] SIGKILL: a session's container is attached again with its files and variables, and removed in the end", () =>
    withPlaces(async (places) => {
      const env = { CODEBEAKER_DOCKER_HOST: DOCKER_HOST, CODEBEAKER_DOCKER_PULL: "never" };
      const first = await startIn(places, [], { env });
      const before = new ApiClient(first);
      const request = { language: "bash", runtime: "docker", env: { GREETING: "hello" } };
      const [kept, closed] = [await before.openSession(request), await before.openSession(request)];
      await before.run(kept.id, { code: "echo from before > note.txt" });
      const running = await before.json("POST", `/v1/sessions/${kept.id}/executions`, {
        code: "echo begun; exec sleep 1000",
        timeoutMs: 60_000,
      }, { prefer: "respond-async" });
      await until(
        async () => (await before.json("GET", `/v1/executions/${running.id}`)).stdout === "begun\n",
        "the program runs",
      );
      await kill(first);
      const instance = (await Deno.readTextFile(join(places.home, "instance"))).trim();
      {
        await using second = await startIn(places, [], { env });
        const after = new ApiClient(second);
        assertEquals((await after.json("GET", `/v1/executions/${running.id}`)).outcome.kind, "interrupted");
        const shown = (id: string) => after.json("GET", `/v1/sessions/${id}`);
        const areAttached = async () =>
          (await Promise.all([kept.id, closed.id].map(shown))).every(({ state }) => state !== "creating");
        await until(areAttached, "the sessions are attached again");
        const { state, executionCount } = await shown(kept.id);
        // The one that ran counts as soon as it is written down, which is no part of its beginning.
        assert(state === "idle" && [1, 2].includes(executionCount), `${state}, ${executionCount}`);
        const look = `cat note.txt; echo "$GREETING"; cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c '[s]leep 1000'`;
        const { stdout } = await after.run(kept.id, { code: look });
        assertEquals(stdout, "from before\nhello\n0\n");
        assertEquals(await after.status("DELETE", `/v1/sessions/${closed.id}`), 204);
        // Those of its self-test may be among them for a while.
        await until(async () => (await containersOf(openEngine(), instance)).length === 1, "one container is there");
      }
      assertEquals(await containersOf(openEngine(), instance), []);
    }));
}
