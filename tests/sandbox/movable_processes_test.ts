import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { openCLibrary, toCString } from "../../src/host/system_calls.ts";
import { movableFrom } from "../../src/sandbox/movable_processes.ts";
import { isPresent } from "../support/requirements.ts";

/** A directory with the processes of a group, since systemd makes no group here. */
async function groupOf({ processes, delegate }: { readonly processes: string; readonly delegate?: string }) {
  const directory = await Deno.makeTempDir();
  await Deno.writeTextFile(join(directory, "cgroup.procs"), processes);
  const isMarked = delegate === undefined || mark(directory, delegate);
  return { directory, isMarked, [Symbol.asyncDispose]: () => Deno.remove(directory, { recursive: true }) };
}

/** Sets the attribute by which systemd marks a delegated group. Returns whether the file system takes it. */
function mark(directory: string, value: string): boolean {
  const library = openCLibrary({
    setxattr: { parameters: ["buffer", "buffer", "buffer", "usize", "i32"], result: "i32" },
  });
  const bytes = new TextEncoder().encode(value);
  const name = toCString("user.delegate");
  const result = library?.symbols.setxattr(toCString(directory), name, bytes, BigInt(bytes.length), 0);
  library?.close();
  return result === 0;
}

Deno.test("movableFrom() finds this service where it is alone in a group, and nothing where others are there", async () => {
  for (const [processes, movable] of [[`${Deno.pid}\n`, [Deno.pid]], [`1\n${Deno.pid}\n`, []], ["", []]] as const) {
    await using group = await groupOf({ processes });
    assertEquals(movableFrom(group.directory), [...movable]);
  }
});

await using probe = await groupOf({ processes: "", delegate: "1" });
const found = probe.isMarked
  ? { available: true } as const
  : { available: false, reason: "no user attributes" } as const;
if (isPresent("user_attributes", found)) {
  Deno.test("movableFrom() finds every process that this service sees in a group that systemd has delegated", async () => {
    await using delegated = await groupOf({ processes: `1\n0\n${Deno.pid}\n`, delegate: "1" });
    assertEquals(movableFrom(delegated.directory), [1, Deno.pid]);
    await using kept = await groupOf({ processes: `1\n${Deno.pid}\n`, delegate: "0" });
    assertEquals(movableFrom(kept.directory), []);
  });
}
