import { assert, assertEquals } from "@std/assert";
import { signalGroup, terminate } from "../../src/process/terminate.ts";

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

function terminateGroup({ pid, status }: Leader): Promise<void> {
  return terminate((signal) => signalGroup(pid, signal), status);
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

Deno.test("terminate() lets a process end by SIGTERM", async () => {
  await using leader = await lead('trap "echo goodbye; exit 7" TERM; echo ready; while :; do sleep 0.01; done');
  await terminateGroup(leader);
  const { code, signal } = await leader.status;
  assertEquals([code, signal, await leader.readLines()], [7, null, ["goodbye"]]);
});

Deno.test("terminate() ends a process that has no handler by SIGTERM", async () => {
  await using leader = await lead("echo ready; exec sleep 60");
  await terminateGroup(leader);
  assertEquals((await leader.status).signal, "SIGTERM");
});

Deno.test("terminate() kills a process that ignores SIGTERM", async () => {
  await using leader = await lead('trap "" TERM; echo ready; while :; do sleep 0.01; done');
  await terminateGroup(leader);
  assertEquals((await leader.status).signal, "SIGKILL");
});

Deno.test("terminate() kills a grandchild that ignores SIGTERM and outlives its leader", async () => {
  await using leader = await lead(
    `trap "exit 0" TERM; sh -c 'trap "" TERM; echo $$; echo ready; exec sleep 60' & wait`,
  );
  await terminateGroup(leader);
  const [grandchild] = (await leader.readLines()).map(Number);
  assert(grandchild !== undefined && grandchild > 0);
  assertEquals([(await leader.status).code, await isGoneSoon(grandchild)], [0, true]);
});

Deno.test("terminate() of a group that is gone is no fault", async () => {
  await using leader = await lead("echo ready");
  await leader.status;
  await terminateGroup(leader);
});

Deno.test("terminate() asks first, and insists also where what it asked has ended", async () => {
  const signals: string[] = [];
  await terminate((signal) => signals.push(signal), Promise.resolve());
  await terminate((signal) => signals.push(signal), new Promise(() => {}));
  assertEquals(signals, ["SIGTERM", "SIGKILL", "SIGTERM", "SIGKILL"]);
});

Deno.test("terminate() waits no longer than for what it asked to end", async () => {
  const exited = Promise.withResolvers<void>();
  let isTerminated = false;
  const terminated = terminate((signal) => {
    if (signal === "SIGTERM") exited.resolve();
  }, exited.promise).then(() => isTerminated = true);
  for (let turns = 0; turns < 20 && !isTerminated; turns++) await Promise.resolve();
  assertEquals(isTerminated, true);
  await terminated;
});
