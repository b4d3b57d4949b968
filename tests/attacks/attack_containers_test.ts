import { assert, assertEquals, assertRejects } from "@std/assert";
import { delay } from "../../src/concurrency/delay.ts";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { DEFAULT_LIMITS, MEBIBYTE } from "../../src/core/limits.ts";
import type { ExecutionEnvironment } from "../../src/runtimes/port.ts";
import { configFor, dockerAvailability, openDocker, runCode } from "../support/docker.ts";
import { isPresent, testedAvailability } from "../support/requirements.ts";
import { until } from "../support/until.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** Whether a file is there. */
async function has(environment: ExecutionEnvironment, path: string): Promise<boolean> {
  return await environment.files.stat(path).then(() => true, () => false);
}

if (isPresent("docker", await dockerAvailability("python"))) {
  Deno.test("[docker] a program that forges its launcher's last words gains neither time nor a word in the next answer", async () => {
    await using docker = await openDocker();
    await using environment = await docker.runtime.createEnvironment(configFor("python"));
    const forger = `
import os, re, sys, time
secret = None
pid = os.getppid()
try:
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            start, end = (int(part, 16) for part in line.split()[0].split("-"))
            if not line.split()[1].startswith("rw"): continue
            try: memory.seek(start); found = re.search(rb"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", memory.read(end - start))
            except OSError: continue
            if found: secret = found.group()
except OSError:
    pass
if os.fork() == 0:
    os.setsid()
    time.sleep(1.5)
    open("late.txt", "w").write("it lives")
    os._exit(0)
for fd in (1, 2):
    if secret: os.write(fd, b"\\0" + secret + b" ended 0 0 0 0 1 1\\n")
time.sleep(30)
`;
    const forged = await runCode(environment, forger, { limits: { ...DEFAULT_LIMITS, timeoutMs: 1_000 } });
    assertEquals(forged.outcome.kind, "timed_out"); // A kernel may keep the launcher's memory from it: nothing is forged then.
    const honest = await runCode(environment, "print('honest'); raise SystemExit(7)");
    assertEquals([honest.exitCode, honest.stdout], [7, "honest\n"]);
    await delay(2_500);
    assertEquals(await has(environment, "late.txt"), false);
  });

  Deno.test("[docker] files that do not fit are the caller's fault, and no environment's", async () => {
    await using docker = await openDocker();
    await using environment = await docker.runtime.createEnvironment({
      ...configFor("python", { resourceLimits: { ...DEFAULT_LIMITS, diskMb: 1 } }),
      singleUse: true,
    });
    await environment.files.write("big", new Uint8Array(8 * MEBIBYTE));
    const error = await assertRejects(() => runCode(environment, "print(1)"), CodeBeakerError);
    assertEquals(error.code, "too_large");
    assertEquals(await testedAvailability(docker.runtime, "python"), { available: true });
  });

  Deno.test("[docker] a program that leaves no room for one process more is ended all the same, and its container is not", async () => {
    const bomb = `
import os, time
os.setsid()
while True:
    try:
        if os.fork() == 0:
            os.setsid()
            time.sleep(60)
    except OSError:
        pass
`;
    await using docker = await openDocker();
    for (const singleUse of [false, true]) {
      await using environment = await docker.runtime.createEnvironment({ ...configFor("python"), singleUse });
      const { outcome } = await runCode(environment, bomb);
      assert(
        outcome.kind === "process_limit" && outcome.limit === DEFAULT_LIMITS.maxProcesses,
        JSON.stringify(outcome),
      );
      if (!singleUse) assertEquals((await runCode(environment, "print(1)")).stdout, "1\n");
    }
  });

  Deno.test("[docker] a reader of a file gets all of it when a program ends", async () => {
    await using docker = await openDocker();
    await using environment = await docker.runtime.createEnvironment(configFor("python"));
    const size = 24 * MEBIBYTE;
    await environment.files.write("large.bin", new Uint8Array(size));
    const reader = (await environment.files.read("large.bin")).getReader();
    let bytes = (await reader.read()).value?.length ?? 0;
    await runCode(environment, "import os, time\nif os.fork() == 0: time.sleep(60)\n");
    await delay(500);
    for (let next = await reader.read(); !next.done; next = await reader.read()) bytes += next.value.length;
    assertEquals(bytes, size);
  });

  Deno.test("[docker] the cancelling of a program that has not begun leaves others running", async () => {
    await using docker = await openDocker();
    await using environment = await docker.runtime.createEnvironment(configFor("python"));
    const first = runCode(environment, "import time; time.sleep(2); print('done')");
    await until(async () => await has(environment, "main.py"), "the first program is there");
    await delay(500);
    await environment.files.write("other.py", encode("print('never')"));
    const handle = await environment.run({ kind: "file", path: "other.py", args: [] }, {
      env: {},
      limits: DEFAULT_LIMITS,
      signal: AbortSignal.abort(),
    });
    await handle.output.cancel();
    assertEquals((await handle.outcome).kind, "cancelled");
    assertEquals((await first).stdout, "done\n");
  });

  Deno.test("[docker] a program has the signal handlers of its language", async () => {
    await using docker = await openDocker();
    for (const singleUse of [false, true]) {
      await using environment = await docker.runtime.createEnvironment({ ...configFor("python"), singleUse });
      const code =
        "import signal; print([signal.getsignal(n) in (signal.SIG_DFL, signal.default_int_handler) for n in (2, 3)])";
      assertEquals((await runCode(environment, code)).stdout, "[True, True]\n");
    }
  });

  Deno.test("[docker] a workspace that a program closes is open again for the next", async () => {
    await using docker = await openDocker();
    await using environment = await docker.runtime.createEnvironment(configFor("python"));
    await runCode(environment, 'import os; os.chmod("/workspace", 0)');
    assertEquals((await runCode(environment, "print(1)")).stdout, "1\n");
  });
}

if (isPresent("docker", await dockerAvailability("go"))) {
  const HELLO = 'package main\n\nfunc main() { println("hi") }\n';
  /** The compiler's own way to run something of the client's in its phase. */
  const HOOKED = { GOFLAGS: "-buildvcs=false '-toolexec=sh /workspace/hook.sh'" };

  Deno.test("[docker] what runs beside the compiler is bounded in its output, and leaves no bound raised", async () => {
    const flooding = "exec yes >/proc/$(pgrep -o -f launch 2>/dev/null || echo $PPID)/fd/1\n";
    await using docker = await openDocker();
    await using environment = await docker.runtime.createEnvironment({
      ...configFor("go"),
      environmentVariables: HOOKED,
    });
    await environment.files.write("hook.sh", encode(flooding));
    const before = Deno.memoryUsage().rss;
    const { outcome } = await runCode(environment, HELLO, {
      limits: { ...DEFAULT_LIMITS, maxTotalOutputBytes: 1_000_000 },
    });
    assert(outcome.kind !== "exited" || outcome.exitCode !== 0, JSON.stringify(outcome));
    assert(Deno.memoryUsage().rss - before < 200 * MEBIBYTE, "The service took it all in");
    const limits = { ...DEFAULT_LIMITS, memoryMb: 256 };
    const allocating = "x=$(head -c 400000000 /dev/zero | tr '\\0' x); echo ${#x}";
    const handle = await environment.run({
      kind: "shell",
      command: "sh",
      args: ["-c", allocating],
      workingDirectory: ".",
    }, {
      env: {},
      limits,
    });
    const printed = await Array.fromAsync(handle.output);
    assertEquals([(await handle.outcome).kind, printed], ["memory_limit", []]);
  });
}
