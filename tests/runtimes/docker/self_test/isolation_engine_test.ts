import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { DEFAULT_LIMITS } from "../../../../src/core/limits.ts";
import type { ExecutionRuntime } from "../../../../src/runtimes/port.ts";
import { RuntimeSelector } from "../../../../src/runtimes/selection/selector.ts";
import { NO_PERMISSIONS } from "../../../../src/core/permissions/permissions.ts";
import type { RequestedLimits } from "../../../../src/core/limits.ts";
import { configFor, dockerAvailability, openDocker, runCode, WAYS } from "../../../support/docker.ts";
import { ownEngineAvailability, startOwnEngine } from "../../../support/own_engine.ts";
import { isPresent } from "../../../support/requirements.ts";

const OTHER_KERNEL = 10;
const HARDENED = 9;
/** gVisor says it is an old Linux, and where it came from in the command line of its kernel. */
const WHICH_KERNEL = 'print(open("/proc/version").read().strip(), "/", open("/proc/cmdline").read().strip())';

const hasDocker = isPresent("docker", await dockerAvailability("python"));
const runtimes = hasDocker ? await registeredRuntimes() : {};

if (hasDocker) {
  Deno.test("[docker] without a floor a program runs in a hardened container on the host's kernel", async () => {
    await using docker = await openDocker();
    const { isolation } = await docker.runtime.assess(configFor("python"));
    assertEquals([isolation.level, isolation.layers.includes("gvisor")], [HARDENED, false]);
    assertEquals(isolation.limits.toSorted(), Object.keys(DEFAULT_LIMITS).toSorted());
    await using environment = await docker.runtime.createEnvironment(configFor("python"));
    const { stdout } = await runCode(environment, WHICH_KERNEL);
    assertEquals(stdout.includes("gvisor"), false);
  });

  if (
    isPresent(
      "gvisor",
      "runsc" in runtimes
        ? { available: true }
        : { available: false, reason: "the Engine has no runtime named runsc registered" },
    )
  ) {
    const ignoresCgroups = runtimes["runsc"]?.includes("--ignore-cgroups") ?? false;

    Deno.test("[docker, gvisor] a floor of 10 gets another kernel", async () => {
      await using docker = await openDocker();
      const { isolation } = await docker.runtime.assess(configFor("python", { minIsolation: OTHER_KERNEL }));
      assertEquals([isolation.level, isolation.layers.includes("gvisor")], [OTHER_KERNEL, true]);
      assertEquals(isolation.layers.includes("seccomp"), false); // That filter is the other kernel's business there.
      const candidate = await judge(docker.runtime, {});
      assertEquals([candidate?.passed, candidate?.inputs.isolationLevel], [true, OTHER_KERNEL]);
    });

    Deno.test("[docker, gvisor] a gVisor without cgroups promises no limit that needs them", async () => {
      await using docker = await openDocker();
      for (const limits of [{ memoryMb: 128 }, { cpuMs: 1_000 }]) {
        const candidate = await judge(docker.runtime, limits);
        assertEquals(candidate?.rejectedBecause?.code, ignoresCgroups ? "cannot_enforce_limits" : undefined);
      }
      const processes = await judge(docker.runtime, { maxProcesses: 8 });
      assertEquals(processes?.rejectedBecause?.code, "cannot_enforce_limits"); // Its group has gVisor's own threads.
      assertEquals((await judge(docker.runtime, { diskMb: 16, maxOutputBytes: 1_000 }))?.passed, true);
    });

    for (const { name, singleUse } of WAYS) {
      const open = async () => {
        const docker = await openDocker();
        const environment = await docker.runtime.createEnvironment(
          configFor("python", { singleUse, minIsolation: OTHER_KERNEL }),
        );
        return {
          environment,
          async [Symbol.asyncDispose]() {
            await environment[Symbol.asyncDispose]();
            await docker[Symbol.asyncDispose]();
          },
        };
      };

      Deno.test(`[docker, gvisor, ${name}] a program runs on gVisor's kernel, as nobody`, async () => {
        await using opened = await open();
        const { stdout } = await runCode(
          opened.environment,
          `${WHICH_KERNEL}\nimport os\nprint(os.getuid(), os.getgid())`,
        );
        assertMatch(stdout, /gvisor/i);
        assertStringIncludes(stdout, "65534 65534");
      });

      Deno.test(`[docker, gvisor, ${name}] a program gets stdin and variables, and its exit code is reported`, async () => {
        await using opened = await open();
        const code = 'import os, sys\nprint(sys.stdin.read(), os.environ["HOME"])\nraise SystemExit(7)';
        const { stdout, outcome } = await runCode(opened.environment, code, { stdin: "fed" });
        assertEquals([stdout, outcome], ["fed /tmp\n", { kind: "exited", exitCode: 7 }]);
      });

      Deno.test(`[docker, gvisor, ${name}] a deadline ends a program that spins, and keeps what it printed`, async () => {
        await using opened = await open();
        const code = 'print("begun", flush=True)\nwhile True: pass';
        const limits = { ...DEFAULT_LIMITS, timeoutMs: 700 };
        const { stdout, outcome } = await runCode(opened.environment, code, { limits });
        assertEquals([stdout, outcome], ["begun\n", { kind: "timed_out", limitMs: 700 }]);
      });

      Deno.test(`[docker, gvisor, ${name}] the workspace is bounded, and there is no network`, async () => {
        await using opened = await open();
        const code = [
          "import socket, os",
          "try: socket.create_connection(('1.1.1.1', 80), 2)",
          "except OSError as error: print(type(error).__name__)",
          "written = 0",
          "try:",
          "  for name in range(4):",
          "    with open(str(name), 'wb', 0) as file:",
          "      for _ in range(40): written += file.write(bytes(1000000))",
          "except OSError as error: print(error.errno)",
          "print(written < 74_000_000)",
        ].join("\n");
        assertEquals((await runCode(opened.environment, code)).stdout, "OSError\n28\nTrue\n");
      });
    }

    Deno.test("[docker, gvisor] files stay between the programs of a session", async () => {
      await using docker = await openDocker();
      await using environment = await docker.runtime.createEnvironment(
        configFor("python", { minIsolation: OTHER_KERNEL }),
      );
      await environment.files.write("in/data", new TextEncoder().encode("given"));
      const code = 'open("out", "w").write(open("in/data").read() + " and taken")';
      assertEquals((await runCode(environment, code)).exitCode, 0);
      assertEquals(await new Response(await environment.files.read("out")).text(), "given and taken");
      const { children = [] } = await environment.files.list(".");
      assertEquals(children.map(({ name }) => name), ["in", "main.py", "out"]);
    });
  }
}

if (isPresent("dockerd", await ownEngineAvailability())) {
  Deno.test("[dockerd] without gVisor a floor of 10 is out of reach", async () => {
    await using own = await startOwnEngine();
    await using docker = await openDocker({ dockerHost: own.host, dockerPull: "missing" });
    const { isolation } = await docker.runtime.assess(configFor("python", { minIsolation: OTHER_KERNEL }));
    assertEquals([isolation.level, isolation.layers.includes("gvisor")], [HARDENED, false]);
    assertEquals((await judge(docker.runtime, {}))?.rejectedBecause, {
      code: "below_isolation_floor",
      detail: "isolation 9 of 10 is below the floor 10",
    });
  });
}

async function judge(runtime: ExecutionRuntime, limits: RequestedLimits) {
  const selector = new RuntimeSelector([runtime], { minIsolation: 0 });
  const { selection } = await selector.rank({
    language: "python",
    permissions: NO_PERMISSIONS,
    preference: "balanced",
    limits,
    minIsolation: OTHER_KERNEL,
  });
  return selection.candidates[0];
}

/** The arguments of each OCI runtime that the Engine has. */
async function registeredRuntimes(): Promise<Readonly<Record<string, readonly string[]>>> {
  await using docker = await openDocker();
  const info: { Runtimes?: Record<string, { runtimeArgs?: string[] }> } = await docker.engine.info();
  return Object.fromEntries(
    Object.entries(info.Runtimes ?? {}).map(([name, { runtimeArgs = [] }]) => [name, runtimeArgs]),
  );
}
