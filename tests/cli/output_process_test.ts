import { assertEquals, assertMatch } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { parseKey } from "../../src/access/key.ts";
import { openStorage } from "../../src/storage/mod.ts";
import { runAlone, runCommandLine, runInto, startUnread } from "../support/cli.ts";
import { freePort } from "../support/free_port.ts";
import { plantSelfTests } from "../support/kept_self_tests.ts";
import { until } from "../support/until.ts";
import { DENO_ALONE, NOTHING_RUNS } from "../support/variables.ts";

/** Starts the command line over a home of its own, without a reader of its stdout. */
async function withUnread(
  args: readonly string[],
  test: (child: Deno.ChildProcess, errors: Promise<string>) => Promise<void>,
  prepare: (home: string) => void = () => {},
): Promise<void> {
  const home = await Deno.makeTempDir();
  prepare(home);
  const { child, errors } = await startUnread([...args, "--home", home], NOTHING_RUNS);
  try {
    await test(child, errors);
  } finally {
    await Promise.all([child.status, errors]);
    await Deno.remove(home, { recursive: true });
  }
}

Deno.test("codebeaker keys list and runtimes are content when nobody reads on", async () => {
  const reader = new Deno.Command("true", { stdin: "piped", stdout: "null" }).spawn();
  await reader.status;
  const pipe = reader.stdin.getWriter();
  const stdout = { write: (bytes: Uint8Array) => pipe.write(bytes).then(() => bytes.length) };
  for (const args of [["keys", "list"], ["runtimes"]]) {
    const { code, stderr } = await runAlone(args, { env: NOTHING_RUNS, stdout });
    assertEquals([args, code, stderr], [args, 0, ""]);
  }
});

Deno.test("codebeaker audit exits in order when its reader closes the pipe early", () =>
  withUnread(["audit"], async (child, errors) => {
    assertEquals([(await child.status).code, await errors], [0, ""]);
  }, (home) => {
    using storage = openStorage(`${home}/codebeaker.db`);
    const entry = { at: new Date(0).toISOString(), tenant: "one", key: "ci", action: "test", subject: "x", facts: {} };
    for (let index = 0; index < 1_203; index++) storage.audit.append(entry);
  }));

Deno.test("codebeaker keys create says that nobody has seen the key, and which one to revoke", () =>
  withUnread(["keys", "create", "ci"], async (child, errors) => {
    assertEquals((await child.status).code, 1);
    assertMatch(
      await errors,
      /^codebeaker: Cannot show the key "ci" \(id \w{12}\) as the reader of the output is gone: .+\n$/,
    );
  }));

Deno.test("codebeaker serve serves though nobody reads where it listens", () => {
  const port = freePort();
  return withUnread(["serve", "--port", String(port)], async (child) => {
    const isLive = () => fetch(`http://127.0.0.1:${port}/health/live`).then(readAll, () => false);
    try {
      await until(isLive, "the service answers");
    } finally {
      child.kill("SIGTERM");
    }
    assertEquals((await child.status).code, 0);
  });
});

/** A device that takes nothing, as a full disk does. */
const FULL = "/dev/full";

Deno.test("codebeaker says in one line that its output cannot be written, and exits with 1", async () => {
  const home = await Deno.makeTempDir();
  const program = `${home}/main.ts`;
  await Deno.writeTextFile(program, 'console.log("hello")');
  await runAlone(["keys", "create", "ci", "--home", home]);
  const settings = ["--home", home];
  await plantSelfTests(home);
  using full = await Deno.open(FULL, { write: true });
  for (
    const command of [
      ["--help"],
      ["audit", ...settings],
      ["keys", "list", ...settings],
      ["doctor", "--json", ...settings],
      ["run", ...settings, program],
    ]
  ) {
    const env = command[0] === "run" ? DENO_ALONE : NOTHING_RUNS;
    const { code, stderr } = await runAlone(command, { env, stdout: full });
    assertEquals([command, code], [command, 1]);
    assertMatch(stderr, /^codebeaker: Cannot write the output as No space left on device [^\n]+\n$/);
  }
  await Deno.remove(home, { recursive: true });
});

Deno.test("codebeaker keys create names the key that could not be written, so that it can be revoked", async () => {
  const home = await Deno.makeTempDir();
  const { code, stderr } = await runInto(FULL, ["keys", "create", "ci", "--home", home]);
  assertEquals(code, 1);
  assertMatch(
    stderr,
    /^codebeaker: Cannot show the key "ci" \(id \w{12}\) as the output cannot be written \(No space [^\n]+\): revoke it, and create another\n$/,
  );
  const id = /id (\w{12})/.exec(stderr)?.[1] ?? "";
  assertEquals((await runAlone(["keys", "revoke", id, "--home", home])).code, 0);
  {
    using storage = openStorage(`${home}/codebeaker.db`);
    assertEquals(storage.keys.hasAny(), false);
  }
  await Deno.remove(home, { recursive: true });
});

async function readAll(response: Response): Promise<boolean> {
  await response.body?.cancel();
  return response.ok;
}

Deno.test("codebeaker keys says in one line that its home is locked, changes nothing and exits with 1", async () => {
  const home = await Deno.makeTempDir();
  const { id = "" } = parseKey((await runAlone(["keys", "create", "ci", "--home", home])).stdout.trim()) ?? {};
  {
    using database = new DatabaseSync(`${home}/codebeaker.db`);
    database.exec("BEGIN EXCLUSIVE");
    const revoking = runCommandLine(["keys", "revoke", id, "--home", home]); // Each waits for seconds.
    const created = await runAlone(["keys", "create", "late", "--home", home]);
    const revoked = await revoking;
    const why = "as its home cannot be written now: database is locked";
    assertEquals(created, { code: 1, stdout: "", stderr: `codebeaker: Cannot create the key ${why}\n` });
    assertEquals(revoked, { code: 1, stdout: "", stderr: `codebeaker: Cannot revoke the key ${why}\n` });
  }
  const { stdout } = await runAlone(["keys", "list", "--home", home]);
  assertMatch(stdout, new RegExp(`^ID [^\\n]+\\n${id} [^\\n]+ -\\n$`));
  await Deno.remove(home, { recursive: true });
});
