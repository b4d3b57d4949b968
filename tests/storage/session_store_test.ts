import { assertEquals, assertThrows } from "@std/assert";
import { openStorage } from "../../src/storage/mod.ts";
import { sessionOf, withPath } from "./samples.ts";

Deno.test("SessionStore.insert(), find() and open() give a session back whole, to its tenant only", () => {
  using storage = openStorage(undefined);
  const one = sessionOf("sess_1");
  const other = sessionOf("sess_2", { tenant: "two" });
  for (const session of [one, other]) storage.sessions.insert(session);
  assertEquals(storage.sessions.open(), [one, other]);
  assertEquals(storage.sessions.find("one", "sess_1"), one.info);
  assertEquals(storage.sessions.find("two", "sess_1"), undefined);
  assertEquals(storage.sessions.find("one", "sess_3"), undefined);
});

Deno.test("SessionStore.insert() keeps no variables, though the whole request is given", async () => {
  await withPath(async (path) => {
    {
      using storage = openStorage(path);
      const session = sessionOf("sess_1");
      const request = {
        ...session.request,
        runtime: "deno",
        minIsolation: 8,
        env: { TOKEN: "hush-hush" },
        metadata: {},
      };
      storage.sessions.insert({ ...session, request });
      const { env: _env, metadata: _metadata, ...kept } = request;
      assertEquals(storage.sessions.open().map((open) => open.request), [kept]);
    }
    assertEquals(new TextDecoder().decode(await Deno.readFile(path)).includes("hush-hush"), false);
  });
});

Deno.test("SessionStore.update() keeps what has changed; a closed session is open no more", () => {
  using storage = openStorage(undefined);
  const { info } = sessionOf("sess_1");
  storage.sessions.insert(sessionOf("sess_1"));
  storage.sessions.update({ ...info, state: "active", executionCount: 3 });
  storage.flush();
  assertEquals(storage.sessions.open().map((open) => open.info.executionCount), [3]);
  const closed = { ...info, state: "closed", closedBecause: "idle_timeout" } as const;
  storage.sessions.update(closed);
  assertEquals(storage.sessions.open(), []);
  assertEquals(storage.sessions.find("one", "sess_1"), closed);
  assertThrows(() => storage.sessions.update({ ...closed, id: "sess_2" }), Error, "sess_2");
});

Deno.test("SessionStore.listClosed() pages through a tenant's closed sessions, the newest first", () => {
  using storage = openStorage(undefined);
  const closed = { state: "closed" } as const;
  // Two in the same moment; and not in the order in which they were made.
  for (const [id, second] of [["sess_c", 3], ["sess_a", 1], ["sess_b", 1], ["sess_d", 4], ["sess_e", 5]] as const) {
    storage.sessions.insert(sessionOf(id, { second, ...(id === "sess_d" ? {} : closed) }));
  }
  storage.sessions.insert(sessionOf("sess_x", { tenant: "two", second: 2, ...closed }));
  const page = (after: string | undefined, limit: number) =>
    storage.sessions.listClosed("one", { after, limit }).map(({ id }) => id);
  assertEquals(page(undefined, 10), ["sess_e", "sess_c", "sess_b", "sess_a"]);
  assertEquals(page(undefined, 2), ["sess_e", "sess_c"]);
  assertEquals(page("sess_c", 1), ["sess_b"]);
  assertEquals(page("sess_b", 5), ["sess_a"]);
  assertEquals(page("sess_d", 1), ["sess_c"], "an open session is a place to go on from, too");
  for (const gone of ["sess_a", "sess_x", "sess_none", ""]) assertEquals(page(gone, 5), [], gone);
});

Deno.test("Storage.prune() removes sessions that were closed longer ago than their retention, from their first closing on", () => {
  let now = 0;
  using storage = openStorage(undefined, { sessionRetentionMs: 100, now: () => now });
  const { info } = sessionOf("sess_1");
  for (const id of ["sess_1", "sess_2"]) storage.sessions.insert(sessionOf(id));
  now = 1_000;
  storage.sessions.update({ ...info, state: "closed" });
  now = 1_090;
  storage.sessions.update({ ...info, state: "closed", closedBecause: "closed_by_owner" });
  storage.prune(new Date(1_100));
  assertEquals(storage.sessions.find("one", "sess_1")?.closedBecause, "closed_by_owner");
  storage.prune(new Date(1_101));
  assertEquals(storage.sessions.find("one", "sess_1"), undefined);
  assertEquals(storage.sessions.open().map((open) => open.info.id), ["sess_2"]);
});
