import { assert, assertEquals, assertRejects } from "@std/assert";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { DEFAULT_LIMITS, type Limits } from "../../src/core/limits.ts";
import { ChildProcesses } from "../../src/process/child_processes.ts";
import { type Child, type ChildRequest, runChild } from "../../src/process/run_child.ts";
import { until } from "../support/until.ts";

const READY = "\x01ready\x01";

/** A shell script as a child; it says that it is ready first. */
function request(script: string, options: { limits?: Partial<Limits>; startTimeoutMs?: number } = {}): ChildRequest {
  const processes = new ChildProcesses({ wrappers: 0, startsOthers: true });
  return {
    argv: ["/bin/sh", "-c", script],
    cwd: "/",
    env: { PATH: "/usr/bin:/bin" },
    leadsGroup: false,
    onSpawned: (pid) => processes.begin(pid),
    processes,
    statusOf: (status) => status,
    maxDescriptors: 64,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    ready: { marker: new TextEncoder().encode(READY), timeoutMs: options.startTimeoutMs ?? 5_000 },
    stderrFilter: { push: (bytes) => bytes, flush: () => new Uint8Array() },
    explain: () => undefined,
  };
}

function run(script: string, options: { limits?: Partial<Limits>; signal?: AbortSignal } = {}): Promise<Child> {
  return runChild(request(`printf '${READY}' >&2; ${script}`, options), { signal: options.signal });
}

async function read(child: Child): Promise<{ stdout: string; stderr: string }> {
  const texts = { stdout: "", stderr: "" };
  for await (const { stream, bytes } of child.output) texts[stream] += new TextDecoder().decode(bytes);
  return texts;
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}

Deno.test("runChild() takes the marker out of the output and keeps what stands around it", async () => {
  const child = await runChild(request(`printf 'before ${READY}after' >&2; echo out`));
  assertEquals([await read(child), await child.outcome], [{ stdout: "out\n", stderr: "before after" }, {
    kind: "exited",
    exitCode: 0,
  }]);
});

Deno.test("runChild() sends a child its orders behind the go, before its stdin", async () => {
  const { ready, ...rest } = request(`read -r go; printf '${READY}' >&2; cat`);
  const goes = { ...rest, ...(ready && { ready: { ...ready, go: new Uint8Array([10]) } }) };
  const child = await runChild(goes, { orders: new TextEncoder().encode("orders,") });
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode("stdin"));
  await writer.close();
  assertEquals((await read(child)).stdout, "orders,stdin");
  await child.outcome;
});

Deno.test("runChild() lets a child begin at once that is no launcher", async () => {
  const { ready: _, ...direct } = request("echo out; echo err >&2; exit 3");
  const child = await runChild(direct);
  assertEquals([await read(child), await child.outcome], [{ stdout: "out\n", stderr: "err\n" }, {
    kind: "exited",
    exitCode: 3,
  }]);
});

Deno.test("runChild() tells a launcher that ends before it is ready, with what it said", async () => {
  const error = await assertRejects(
    () => runChild(request("echo no such flag >&2; exit 3")),
    CodeBeakerError,
    "no such flag",
  );
  assertEquals(error.code, "runtime_unavailable");
  await assertRejects(() => runChild({ ...request(""), argv: ["/nope"] }), CodeBeakerError, "/nope");
});

Deno.test("runChild() kills a launcher that hangs, and one that cannot be confined", async () => {
  await assertRejects(
    () => runChild(request("sleep 60", { startTimeoutMs: 50 })),
    CodeBeakerError,
    "not ready after 50 ms",
  );
  let spawned = 0;
  const unconfinable = {
    ...request("sleep 60"),
    onSpawned(pid: number) {
      spawned = pid;
      throw new Error("refused");
    },
  };
  await assertRejects(() => runChild(unconfinable), CodeBeakerError, "refused");
  for (let tries = 0; isAlive(spawned) && tries < 100; tries++) await new Promise((resolve) => setTimeout(resolve, 10));
  assertEquals(isAlive(spawned), false);
});

Deno.test("runChild() tells a signal", async () => {
  const child = await run("kill -SEGV $$");
  await read(child);
  assertEquals(await child.outcome, { kind: "signaled", signal: "SIGSEGV" });
});

Deno.test("runChild() takes the grandchildren with the child", async () => {
  const child = await run("sleep 60 & echo $!; exit 0");
  const { stdout } = await read(child);
  assertEquals(await child.outcome, { kind: "exited", exitCode: 0 });
  await until(() => !isAlive(Number(stdout)), "the kernel has taken the killed process away");
});

Deno.test("runChild() does not wait for a process that left the group and holds the pipe", async () => {
  const child = await run("setsid sh -c 'echo $$; exec sleep 60' & sleep 0.2; exit 0");
  const { stdout } = await read(child);
  assertEquals(await child.outcome, { kind: "exited", exitCode: 0 });
  Deno.kill(Number(stdout), "SIGKILL");
});

Deno.test("runChild() gives a program its grace at the deadline, and keeps what it prints then", async () => {
  const child = await run("trap 'echo bye; exit 0' TERM; echo hi; while :; do sleep 0.01; done", {
    limits: { timeoutMs: 200 },
  });
  const { stdout } = await read(child);
  assertEquals([stdout, await child.outcome], ["hi\nbye\n", { kind: "timed_out", limitMs: 200 }]);
});

Deno.test("runChild() tells the first cause of an ending, whatever comes after", async () => {
  const abort = new AbortController();
  const script = "trap 'echo asked' TERM; while :; do sleep 0.01; done";
  const child = await run(script, { limits: { timeoutMs: 50 }, signal: abort.signal });
  for await (const _asked of child.output) abort.abort();
  assertEquals(await child.outcome, { kind: "timed_out", limitMs: 50 });
});

Deno.test("runChild() cancels at once when its signal was aborted before", async () => {
  const child = await run("sleep 60", { signal: AbortSignal.abort() });
  await read(child);
  assertEquals(await child.outcome, { kind: "cancelled" });
});

Deno.test("runChild() lets through no more than the total bound, over both streams", async () => {
  const child = await run("yes >&2 & yes", { limits: { maxTotalOutputBytes: 100_000 } });
  const { stdout, stderr } = await read(child);
  const outcome = await child.outcome;
  assertEquals([stdout.length + stderr.length, outcome.kind], [100_000, "output_limit"]);
  assert(outcome.kind === "output_limit" && outcome.observedBytes > 100_000);
});

Deno.test("runChild() slows down a program whose output nobody reads", async () => {
  const child = await run("yes & echo $! >&2; wait", {
    limits: { timeoutMs: 400, maxTotalOutputBytes: 4_000_000_000 },
  });
  assertEquals(await child.outcome, { kind: "timed_out", limitMs: 400 });
  let total = 0;
  for await (const { bytes } of child.output) total += bytes.length;
  assert(total < 1_000_000, `${total} bytes were waiting`);
});

Deno.test("runChild() leaves no listener on its signal, however soon the program ends", async () => {
  const abort = new AbortController();
  let listening = 0;
  const { signal } = abort;
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  signal.addEventListener = (...args: Parameters<typeof add>) => (listening++, add(...args));
  signal.removeEventListener = (...args: Parameters<typeof remove>) => (listening--, remove(...args));
  for (let round = 0; round < 10; round++) {
    const child = await run("exit 0", { signal });
    await read(child);
    await child.outcome;
  }
  assertEquals(listening, 0);
});

Deno.test("runChild() ends a launcher that floods before it is ready, and one that is cancelled meanwhile", async () => {
  await assertRejects(() => runChild(request("yes >&2")), CodeBeakerError, "Cannot start");
  const child = await runChild(request("sleep 60"), { signal: AbortSignal.timeout(50) });
  await read(child);
  assertEquals(await child.outcome, { kind: "cancelled" });
});

Deno.test("runChild() ends a program that starts more processes than it may", async () => {
  const child = await run("for i in 1 2 3 4 5; do sleep 60 & done; wait", { limits: { maxProcesses: 3 } });
  await read(child);
  const outcome = await child.outcome;
  assert(outcome.kind === "process_limit" && outcome.limit === 3 && outcome.observed > 3, JSON.stringify(outcome));
});

Deno.test("runChild() ends a program that opens more descriptors than it may", async () => {
  const script = "exec 3</dev/null 4</dev/null 5</dev/null 6</dev/null; sleep 60";
  const child = await runChild({ ...request(`printf '${READY}' >&2; ${script}`), maxDescriptors: 5 });
  await read(child);
  const outcome = await child.outcome;
  assert(outcome.kind === "descriptor_limit" && outcome.limit === 5 && outcome.observed > 5, JSON.stringify(outcome));
});

Deno.test("runChild() counts memory and CPU time over all that a program started", async () => {
  const memory = await run(
    "for i in 1 2 3; do (x=$(head -c 30000000 /dev/zero | tr '\\0' x); sleep 60; :) & done; sleep 60",
    {
      limits: { memoryMb: 32 },
    },
  );
  await read(memory);
  assertEquals((await memory.outcome).kind, "memory_limit");
  const cpu = await run("for i in 1 2; do (while :; do :; done) & done; sleep 60", { limits: { cpuMs: 200 } });
  await read(cpu);
  assertEquals((await cpu.outcome).kind, "cpu_limit");
});

Deno.test("runChild() ends a program whose directory outgrows its bounds, also at a last look", async () => {
  const limits = { ...DEFAULT_LIMITS, diskMb: 7 };
  const bounds = { bytes: 100, files: 10 };
  const usages = { "too many bytes": { bytes: 5_000_000, files: 1 }, "too many files": { bytes: 1, files: 11 } };
  for (const [what, usage] of Object.entries(usages)) {
    for (const script of ["sleep 60", "sleep 0.2; exit 0"]) {
      const disk = { bounds: () => bounds, restMs: 1, measure: () => Promise.resolve(usage) };
      const child = await runChild({ ...request(`printf '${READY}' >&2; ${script}`, { limits }), disk });
      await read(child);
      assertEquals([what, script, await child.outcome], [what, script, {
        kind: "disk_limit",
        limitMb: 7,
        observedMb: Math.ceil(usage.bytes / 1_048_576),
        ...(usage.files > 10 ? { limitFiles: 10, observedFiles: 11 } : {}),
      }]);
    }
  }
});

Deno.test("runChild() tells the program's end by the child's, as whoever stands around it says", async () => {
  const child = await runChild({
    ...request(`printf '${READY}' >&2; exit 139`),
    statusOf: ({ code }) => ({ success: false, code, signal: "SIGSEGV" }),
  });
  await read(child);
  assertEquals(await child.outcome, { kind: "signaled", signal: "SIGSEGV" });
});

Deno.test("runChild() tells what the kernel counts when the program has ended: that there was no more memory", async () => {
  const child = await run("exit 0");
  await read(child);
  assertEquals((await child.outcome).kind, "exited");
  const { processes, ...rest } = request(`printf '${READY}' >&2; exit 9`);
  const told = Object.assign(processes, { isOutOfMemory: () => true });
  const killed = await runChild({ ...rest, processes: told });
  await read(killed);
  assertEquals((await killed.outcome).kind, "memory_limit");
});

Deno.test("runChild() is gone once nothing of it is there any more", async () => {
  const child = await run("trap '' TERM; sleep 60 & echo $!; exit 0");
  const { stdout } = await read(child);
  await child.outcome;
  await child.gone;
  await until(() => !isAlive(Number(stdout)), "the kernel has taken the killed process away");
});

Deno.test("runChild() signals a program that runs, and none that has ended", async () => {
  const child = await run("trap 'exit 5' USR1; echo up; while :; do sleep 0.01; done");
  const reader = child.output.getReader();
  await reader.read();
  child.kill("SIGUSR1");
  assertEquals(await child.outcome, { kind: "exited", exitCode: 5 });
  child.kill("SIGKILL");
  await reader.cancel();
});

Deno.test("runChild() believes the exit code that a program reported before its process crashed", async () => {
  const script = `printf '${READY}' >&2; read -r _; printf '\\000\\007\\0043\\000' >&2; exit 1`;
  const { ready, ...rest } = request(script);
  const stderrEnded = Promise.withResolvers<void>();
  const child = await runChild({
    ...rest,
    ...(ready === undefined ? {} : { ready: { ...ready, go: new Uint8Array([10]) } }),
    stderrFilter: { push: (bytes) => bytes, flush: () => (stderrEnded.resolve(), new Uint8Array()) },
    statusOf: async (status) => {
      await stderrEnded.promise;
      return status;
    },
  });
  assertEquals([await read(child), await child.outcome], [{ stdout: "", stderr: "" }, { kind: "exited", exitCode: 3 }]);
});
