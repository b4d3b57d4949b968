import { DatabaseSync } from "node:sqlite";

/** What starts a program and is none itself. */
const LAUNCHERS = /\/(bwrap|setpriv|sh|bash|dash)$/;

/** Kills one program of any service in a scratch directory from outside; whether there was one. */
export function killProgram(scratch: string): boolean {
  const names = [...Deno.readDirSync(scratch)].map(({ name }) => name);
  for (const { name: pid } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      const group = Deno.readTextFileSync(`/proc/${pid}/cgroup`);
      if (!names.some((name) => group.includes(name)) || LAUNCHERS.test(Deno.readLinkSync(`/proc/${pid}/exe`))) {
        continue;
      }
      Deno.kill(Number(pid), "SIGKILL");
      return true;
    } catch {
      // It has ended meanwhile.
    }
  }
  return false;
}

/** Keeps every other writer out of a database for some time. */
export function lockDatabase(path: string, ms: number): void {
  const database = new DatabaseSync(path, { timeout: ms });
  database.exec("BEGIN IMMEDIATE");
  setTimeout(() => {
    database.exec("ROLLBACK");
    database.close();
  }, ms);
}
