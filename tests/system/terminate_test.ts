import { assert, assertEquals } from "@std/assert";
import { signalGroup, terminateGroup } from "../../src/system/terminate.ts";

/** A shell that leads its own group and has set its traps, which it says by a first line. */
interface Leader extends AsyncDisposable {
  readonly pid: number;
  readonly status: Promise<Deno.CommandStatus>;
  /** What it said after `ready`, read to the end. */
  readLines(): Promise<string[]>;
}

async function lead(script: string): Promise<Leader> {
  const child = new Deno.Command("/bin/sh", {
    args: ["-c", script],
    detached: true,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  while (!said.includes("ready\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the shell ended before it was ready: ${said}`);
    said += value;
  }
  return {
    pid: child.pid,
    status: child.status,
    async readLines() {
      for (let next = await reader.read(); !next.done; next = await reader.read()) said += next.value;
      return said.trimEnd().split("\n").filter((line) => line !== "ready");
    },
    async [Symbol.asyncDispose]() {
      signalGroup(child.pid, "SIGKILL");
      await Promise.all([child.status, reader.cancel()]);
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}

async function isGoneSoon(pid: number): Promise<boolean> {
  for (let tries = 0; isAlive(pid) && tries < 200; tries++) await new Promise((resolve) => setTimeout(resolve, 10));
  return !isAlive(pid);
}

Deno.test("signalGroup() on a group that is gone is no fault", async () => {
  await using leader = await lead("echo ready");
  await leader.status;
  signalGroup(leader.pid, "SIGTERM");
  signalGroup(leader.pid, "SIGKILL");
});

Deno.test("signalGroup() reaches the whole group", async () => {
  await using leader = await lead("sleep 60 & echo $!; echo ready; wait");
  signalGroup(leader.pid, "SIGKILL");
  const [grandchild] = (await leader.readLines()).map(Number);
  assert(grandchild !== undefined && grandchild > 0);
  assertEquals([(await leader.status).signal, await isGoneSoon(grandchild)], ["SIGKILL", true]);
});

Deno.test("terminateGroup() lets a process end by SIGTERM", async () => {
  await using leader = await lead('trap "echo goodbye; exit 7" TERM; echo ready; while :; do sleep 0.01; done');
  await terminateGroup(leader.pid, leader.status);
  const { code, signal } = await leader.status;
  assertEquals([code, signal, await leader.readLines()], [7, null, ["goodbye"]]);
});

Deno.test("terminateGroup() ends a process that has no handler by SIGTERM", async () => {
  await using leader = await lead("echo ready; exec sleep 60");
  await terminateGroup(leader.pid, leader.status);
  assertEquals((await leader.status).signal, "SIGTERM");
});

Deno.test("terminateGroup() kills a process that ignores SIGTERM", async () => {
  await using leader = await lead('trap "" TERM; echo ready; while :; do sleep 0.01; done');
  await terminateGroup(leader.pid, leader.status);
  assertEquals((await leader.status).signal, "SIGKILL");
});

Deno.test("terminateGroup() kills a grandchild that ignores SIGTERM and outlives its leader", async () => {
  await using leader = await lead(
    `trap "exit 0" TERM; sh -c 'trap "" TERM; echo $$; echo ready; exec sleep 60' & wait`,
  );
  await terminateGroup(leader.pid, leader.status);
  const [grandchild] = (await leader.readLines()).map(Number);
  assert(grandchild !== undefined && grandchild > 0);
  assertEquals([(await leader.status).code, await isGoneSoon(grandchild)], [0, true]);
});

Deno.test("terminateGroup() on a group that is gone is no fault", async () => {
  await using leader = await lead("echo ready");
  await leader.status;
  await terminateGroup(leader.pid, leader.status);
});

Deno.test("terminateGroup() waits no longer than for the leader to end", async () => {
  await using leader = await lead("echo ready");
  await leader.status;
  const startedAt = performance.now();
  for (let times = 0; times < 50; times++) await terminateGroup(leader.pid, leader.status);
  const elapsedMs = performance.now() - startedAt;
  assert(elapsedMs < 50 * 100, `${elapsedMs} ms`);
});
