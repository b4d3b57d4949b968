import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { openStorage } from "../../src/storage/mod.ts";
import { ApiClient } from "../support/api_client.ts";
import { mountOwnDisk, ownDiskAvailability } from "../support/own_disk.ts";
import { kill, type Places, startIn, withPlaces } from "../support/places.ts";
import { isPresent } from "../support/requirements.ts";
import { nextEvent, serverEvents } from "../support/server_events.ts";
import { PROJECT, type ServiceProcess } from "../support/service_process.ts";
import { until } from "../support/until.ts";

const ASYNC = { prefer: "respond-async" };
const HELLO = { language: "typescript", code: "console.log('hello')" };

/** Another process that has locked the database for writing, until it is disposed of. */
async function lockDatabase(home: string): Promise<AsyncDisposable> {
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-check", "--allow-all", "tests/storage/storage_process.ts"],
      ...["hold_lock", join(home, "codebeaker.db")],
    ],
    cwd: PROJECT,
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const output = process.stdout.getReader();
  await output.read();
  return {
    async [Symbol.asyncDispose]() {
      await process.stdin.close();
      await process.status;
      await output.cancel();
    },
  };
}

/** Programs go on while nothing can be written down; what must outlive the service is busy. Gives what was acknowledged. */
async function checkBlocked(service: ServiceProcess, sessionId: string): Promise<string[]> {
  const client = new ApiClient(service);
  const plain = await Promise.all(
    Array.from({ length: 6 }, (_, index) => client.json("POST", "/v1/executions", { ...HELLO, args: [`${index}`] })),
  );
  assertEquals(plain.map(({ status, stdout }) => [status, stdout]), plain.map(() => [200, "hello\n"]));
  for (const { id, status: _, ...answered } of plain) {
    const { status, ...told } = await client.json("GET", `/v1/executions/${id}`);
    assertEquals([status, told], [200, { id, ...answered }]);
  }
  const stream = await client.ask("POST", "/v1/executions", HELLO, { accept: "text/event-stream" });
  assert(stream.body !== null);
  const events = serverEvents(stream.body);
  const started = await nextEvent(events);
  const names: string[] = [];
  for await (const { event } of events) names.push(event);
  assertEquals([started.event, ...names], ["started", "stdout", "completed"]);
  const inSession = await client.run(sessionId, { code: "console.log(Deno.readTextFileSync('note.txt'))" });
  assertEquals(inSession.stdout, "kept\n");
  const refused = await Promise.all([
    client.json("POST", "/v1/executions", HELLO, ASYNC),
    client.json("POST", "/v1/executions", HELLO, { "idempotency-key": "once" }),
    client.json("POST", "/v1/sessions", { language: "typescript" }),
  ]);
  for (const { status, code, retryAfterMs, detail } of refused) {
    assertEquals([status, code, retryAfterMs], [429, "busy", 1_000]);
    assertStringIncludes(detail, "the storage cannot be written");
  }
  assertEquals(await client.status("GET", "/health/ready"), 200);
  return [...plain.map(({ id }) => id), started.data.id, inSession.id];
}

/** Everything that was acknowledged is in the database of a service that is gone. */
function checkKept({ home }: Places, ids: readonly string[]): void {
  using storage = openStorage(join(home, "codebeaker.db"));
  for (const id of ids) {
    const found = storage.executions.find("local", id);
    assert(found?.status === "ended", `${id}: ${found?.status}`);
    assertEquals([found.execution.outcome.kind, found.execution.stdout.length > 0], ["exited", true], id);
  }
}

/** A service that has a session and an execution which is kept. */
async function begin(service: ServiceProcess): Promise<{ readonly sessionId: string; readonly firstId: string }> {
  const client = new ApiClient(service);
  const { id: sessionId } = await client.openSession({ language: "typescript" });
  await client.run(sessionId, { code: "Deno.writeTextFileSync('note.txt', 'kept')" });
  const { id: firstId } = await client.json("POST", "/v1/executions", HELLO);
  return { sessionId, firstId };
}

async function checkFaultOfStorage(places: Places, hinder: () => Promise<AsyncDisposable>): Promise<void> {
  const ids: string[] = [];
  await using service = await startIn(places);
  const client = new ApiClient(service);
  const { sessionId, firstId } = await begin(service);
  {
    await using _fault = await hinder();
    assertEquals((await client.json("GET", `/v1/executions/${firstId}`)).stdout, "hello\n");
    ids.push(firstId, ...await checkBlocked(service, sessionId));
  }
  await until(() => service.log().includes("storage.writes_resumed"), "what waited is written");
  assertStringIncludes(service.log(), "storage.writes_deferred");
  assert(!/storage\.writes?_lost/.test(service.log()), service.log());
  const accepted = await client.json("POST", "/v1/executions", HELLO, { ...ASYNC, "idempotency-key": "once" });
  assertEquals(accepted.state, "queued");
  await client.json("GET", `/v1/executions/${accepted.id}?waitMs=20000`);
  ids.push(accepted.id);
  await kill(service);
  checkKept(places, ids);
}

Deno.test("SQLite locked by another process: plain programs go on, promises are busy, and nothing acknowledged is lost", () =>
  withPlaces((places) => checkFaultOfStorage(places, () => lockDatabase(places.home))));

Deno.test("a service that ends while another process has locked SQLite waits for it, and loses nothing", () =>
  withPlaces(async (places) => {
    await using service = await startIn(places);
    const lock = await lockDatabase(places.home);
    const { id } = await new ApiClient(service).json("POST", "/v1/executions", HELLO);
    await Promise.all([service[Symbol.asyncDispose](), lock[Symbol.asyncDispose]()]);
    assertEquals((await service.process.status).code, 0);
    checkKept(places, [id]);
  }));

if (isPresent("mount", await ownDiskAvailability())) {
  Deno.test("disk full under the home: plain programs go on, promises are busy, and all is written when there is room again", () =>
    withPlaces(async ({ scratch }) => {
      await using disk = await mountOwnDisk(8);
      await checkFaultOfStorage({ scratch, home: disk.path }, async () => {
        const giveBack = await disk.fill();
        return { [Symbol.asyncDispose]: giveBack };
      });
    }));

  Deno.test("a full disk under the home is a fault of readiness, and a restart asks for room", () =>
    withPlaces(async ({ scratch }) => {
      await using disk = await mountOwnDisk(8);
      const places = { scratch, home: disk.path };
      const faultsOf = async (service: ServiceProcess) => {
        const { status, faults } = await new ApiClient(service).json("GET", "/health/ready");
        return { status, faults: faults?.map(({ name }: { readonly name: string }) => name) };
      };
      await using service = await startIn(places);
      assertEquals((await faultsOf(service)).faults, undefined);
      const giveBack = await disk.fill();
      await until(async () => (await faultsOf(service)).faults?.[0] === "storage", "readiness has the fault");
      const { faults: [fault] } = await new ApiClient(service).json("GET", "/health/ready");
      assertMatch(fault.reason, /^the home directory with the database cannot be written: No space left/);
      await giveBack();
      await until(async () => (await faultsOf(service)).faults === undefined, "there is room again");
      await service[Symbol.asyncDispose]();
      const giveBackAgain = await disk.fill();
      const error = await assertRejects(() => startIn(places), Error);
      assertMatch(String(error), /as its disk is full: make room there, and start again/);
      assert(!/Move the file/.test(String(error)), String(error));
      await giveBackAgain();
      await using again = await startIn(places);
      assertEquals((await faultsOf(again)).faults, undefined);
    }));
}
