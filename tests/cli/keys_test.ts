import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { parseKey } from "../../src/access/key.ts";
import { openStorage } from "../../src/storage/mod.ts";
import { type CliResult, runAlone } from "../support/cli.ts";

/** Runs `codebeaker keys` over a home of its own. */
async function withHome(
  test: (keys: (...args: string[]) => Promise<CliResult>, home: string) => Promise<void>,
): Promise<void> {
  const home = await Deno.makeTempDir();
  try {
    await test((...args) => runAlone(["keys", ...args, "--home", home]), home);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

Deno.test("codebeaker keys create prints the key alone on stdout, and list shows everything but the secret", () =>
  withHome(async (keys) => {
    const created = await keys("create", "ci");
    const key = parseKey(created.stdout.trim());
    assertEquals([created.code, key === undefined], [0, false]);
    assertEquals(created.stdout.split("\n").length, 2);
    assertMatch(created.stderr, /^This is the key "ci" \(id .+\)\. It is shown this once.+\n$/);
    assertStringIncludes(created.stderr, key?.id ?? "-");
    const { code, stdout, stderr } = await keys("list");
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, /^ID +NAME +SCOPES +FLOOR +BOUNDS +CREATED +REVOKED\n/);
    assertMatch(stdout, new RegExp(`^${key?.id} +ci +execute,sessions +0 +- +2\\S+Z +-$`, "m"));
    for (const text of [created.stderr, stdout]) assertEquals(text.includes(key?.secret ?? ""), false);
  }));

Deno.test("codebeaker keys create keeps what each flag says, and writes into the audit log who may do what", () =>
  withHome(async (keys, home) => {
    const { code, stdout } = await keys(
      ...["create", "ci", "--scopes", "admin,execute", "--min-isolation", "8"],
      ...["--allow-net", "a.example,10.1.2.3:80", "--allow-run", "false", "--allow-env", "A,B"],
      ...["--allow-read", "/data,/srv", "--allow-write", "/out"],
      ...[
        "--max-concurrent",
        "2",
        "--max-sessions",
        "3",
        "--executions-per-minute",
        "60",
        "--cpu-seconds-per-day",
        "3600",
      ],
    );
    const { id, secret } = parseKey(stdout.trim()) ?? { id: "", secret: "" };
    using storage = openStorage(`${home}/codebeaker.db`);
    const principal = storage.keys.find(id)?.principal;
    assertEquals([code, principal], [0, {
      tenant: id,
      name: "ci",
      scopes: ["execute", "admin"],
      minIsolation: 8,
      ceiling: {
        allowRead: ["/data", "/srv"],
        allowWrite: ["/out"],
        allowNet: ["a.example", "10.1.2.3:80"],
        allowEnv: ["A", "B"],
        allowRun: false,
      },
      quota: { maxConcurrent: 2, maxSessions: 3, executionsPerMinute: 60, cpuSecondsPerDay: 3_600 },
    }]);
    const { stdout: listed } = await keys("list");
    assertStringIncludes(listed, ' allowNet=["a.example","10.1.2.3:80"]');
    assertStringIncludes(listed, " allowRun=false maxConcurrent=2 maxSessions=3 ");
    const entries = storage.audit.read({ limit: 10 });
    assertEquals(entries.map(({ action, subject, facts }) => [action, subject, facts["minIsolation"]]), [
      ["key.create", id, 8],
    ]);
    assertEquals(JSON.stringify([entries, storage.keys.list()]).includes(secret), false);
  }));

Deno.test("codebeaker keys create names the invalid flag and exits with 2", async () => {
  const off: [string[], string][] = [
    [["ci", "--scopes", "exec"], "--scopes"],
    [["ci", "--scopes", ""], "--scopes"],
    [["ci", "--min-isolation", "11"], "--min-isolation"],
    [["ci", "--min-isolation", "x"], "--min-isolation"],
    [["ci", "--allow-net", "http://a"], "--allow-net[0]"],
    [["ci", "--allow-run", "no"], "--allow-run"],
    [["ci", "--allow-env", "LD_PRELOAD"], "--allow-env[0]"],
    [["ci", "--allow-read", "relative"], "--allow-read[0]"],
    [["ci", "--allow-write", "/a/../b"], "--allow-write[0]"],
    [["ci", "--max-concurrent", "0"], "--max-concurrent"],
    [["ci", "--executions-per-minute", "1.5"], "--executions-per-minute"],
    [["ci", "--cpu-seconds-per-day", "-1"], "--cpu-seconds-per-day"],
    [["ci", "--max-concurent", "1"], "--max-concurrent"],
    [["a name"], "name"],
    [[""], "name"],
    [[], "name"],
  ];
  for (const [args, hint] of off) {
    const { code, stdout, stderr } = await runAlone(["keys", "create", ...args]);
    assertEquals([args, code, stdout], [args, 2, ""]);
    assertStringIncludes(stderr, hint);
  }
});

Deno.test("codebeaker keys revoke revokes a key once, and exits with 1 for one that is not there", () =>
  withHome(async (keys, home) => {
    const id = parseKey((await keys("create", "ci")).stdout.trim())?.id ?? "";
    const revoked = await keys("revoke", id);
    assertEquals([revoked.code, revoked.stdout], [0, ""]);
    for (const unknown of [id, id.toLowerCase() + "x"]) {
      const { code, stdout, stderr } = await keys("revoke", unknown);
      assertEquals([unknown, code, stdout], [unknown, 1, ""]);
      assertStringIncludes(stderr, JSON.stringify(unknown));
    }
    assertMatch((await keys("list")).stdout, new RegExp(`^${id} +ci +.+ 2\\S+Z +2\\S+Z$`, "m"));
    using storage = openStorage(`${home}/codebeaker.db`);
    assertEquals(storage.audit.read({ limit: 10 }).map(({ action, subject }) => [action, subject]), [
      ["key.create", id],
      ["key.revoke", id],
    ]);
  }));

Deno.test("codebeaker keys revoke takes a name that one valid key has, and names the ids of several", () =>
  withHome(async (keys) => {
    const [first, second] = [await keys("create", "ci"), await keys("create", "ci")].map(({ stdout }) =>
      parseKey(stdout.trim())?.id ?? ""
    );
    const several = await keys("revoke", "ci");
    assertEquals([several.code, several.stdout], [1, ""]);
    assertStringIncludes(several.stderr, `name one by its id (${first}, ${second})`);
    assertEquals((await keys("revoke", first ?? "")).code, 0);
    assertEquals(JSON.parse((await keys("revoke", "ci", "--json")).stdout), { id: second, revoked: true });
    assertEquals((await keys("revoke", "ci")).code, 1);
  }));

Deno.test("codebeaker keys --json prints a new key, the list without secrets, and a revoked id as JSON", () =>
  withHome(async (keys) => {
    const created = await keys("create", "ci", "--min-isolation", "8", "--json");
    const { id, name, key } = JSON.parse(created.stdout);
    assertEquals([parseKey(key)?.id, name], [id, "ci"]);
    const listed = JSON.parse((await keys("list", "--json")).stdout);
    const [{ createdAt, ...shown }] = listed.keys;
    const policy = { scopes: ["execute", "sessions"], minIsolation: 8, ceiling: {}, quota: {} };
    assertEquals([shown, typeof createdAt], [{ id, name, ...policy }, "string"]);
    const revoked = await keys("revoke", id, "--json");
    assertEquals([JSON.parse(revoked.stdout), revoked.stderr], [{ id, revoked: true }, ""]);
    const [after] = JSON.parse((await keys("list", "--json")).stdout).keys;
    assertEquals(typeof after.revokedAt, "string");
  }));
