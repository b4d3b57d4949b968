import { DatabaseSync } from "node:sqlite";
import { openStorage } from "../../src/storage/mod.ts";
import { draftOf, endOf } from "./samples.ts";

/** Another process that has a storage's file open; what it does is its first argument, the file its second. */
const [role, path = "", count = "1"] = Deno.args;

/** Ends executions, and tells of each after the call has returned, until it is killed. */
function endExecutions(): void {
  const { executions } = openStorage(path);
  for (let index = 0;; index++) {
    const id = `exec_${index}`;
    executions.begin({ tenant: "one", draft: draftOf(id) });
    say(`begun ${id}`);
    if (index % 3 === 2) continue;
    executions.end(endOf(id, "x".repeat(index % 5_000)));
    say(`ended ${id}`);
  }
}

/** Holds the write lock until its stdin says so, or is closed, and some 300 ms more. */
async function holdLock(): Promise<void> {
  using database = new DatabaseSync(path);
  database.exec("BEGIN IMMEDIATE; INSERT INTO usage VALUES ('locker', '2026-01-01', 1)");
  say("locked");
  await Deno.stdin.read(new Uint8Array(1));
  await new Promise((resolve) => setTimeout(resolve, 300));
  database.exec("COMMIT");
}

/** Writes as many lines to the log as it is told. */
function appendLines(): void {
  using storage = openStorage(path);
  for (let index = 0; index < Number(count); index++) {
    const at = new Date().toISOString();
    storage.audit.append({ at, tenant: String(Deno.pid), key: null, action: "test", subject: null, facts: { index } });
  }
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

if (role === "end_executions") endExecutions();
if (role === "hold_lock") await holdLock();
if (role === "append_lines") appendLines();
