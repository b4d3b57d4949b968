import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { DEFAULT_LIMITS, type Limits, MEBIBYTE } from "../../../../src/core/limits.ts";
import type { ProgramHandle } from "../../../../src/runtimes/port.ts";
import { configFor, dockerAvailability, openDocker, runCode, WAYS } from "../../../support/docker.ts";
import { isPresent } from "../../../support/requirements.ts";
import { until } from "../../../support/until.ts";
import reportScript from "./hardening_report.py" with { type: "text" };

const LIMITS: Limits = { ...DEFAULT_LIMITS, diskMb: 48, memoryMb: 192, maxProcesses: 40 };
/** How far the kernel's bounds on files stand behind the limit. */
const MARGIN_MB = 5;
const NOBODY = ["65534", "65534", "65534", "65534"];
/** The IPC namespace that every Linux starts with. */
const FIRST_IPC_NAMESPACE = "ipc:[4026531839]";
/** Files of the Engine's own that it mounts into every container. */
const MOUNTED_FILES = ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/usr/sbin/docker-init", "/sbin/docker-init"];
/** File systems that are the kernel's or live in memory. */
const KINDS = ["cgroup", "cgroup2", "devpts", "mqueue", "proc", "sysfs", "tmpfs"];

interface Mount {
  readonly at: string;
  readonly kind: string;
  readonly options: readonly string[];
}

/** What `hardening_report.py` prints. */
interface Report {
  readonly status: Readonly<Record<string, readonly string[]>>;
  readonly groups: readonly number[];
  readonly writes: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  readonly sizes: Readonly<Record<string, { readonly bytes: number; readonly inodes: number }>>;
  readonly running: Readonly<Record<string, string>>;
  readonly interfaces: readonly string[];
  readonly gateways: readonly string[];
  readonly connections: Readonly<Record<string, string>>;
  readonly name: string;
  readonly memory: string;
  readonly memory_and_swap: string | null;
  readonly swap: string | null;
  readonly cpu: string;
  readonly limits: Readonly<Record<string, readonly [number, number]>>;
  readonly calls: Readonly<Record<string, string>>;
  readonly init: string;
  readonly orphan: string;
  readonly shared_memory: string;
  readonly ipc: string;
  readonly sockets: readonly string[];
  readonly processes: readonly number[];
  readonly devices: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  readonly children: number;
}

if (isPresent("docker", await dockerAvailability("python", "bash"))) {
  for (const { name, singleUse } of WAYS) {
    let report: Promise<Report> | undefined;
    const reported = () =>
      report ??= (async () => {
        await using docker = await openDocker();
        await using environment = await docker.runtime.createEnvironment(
          configFor("python", { singleUse, resourceLimits: LIMITS }),
        );
        const { stdout, stderr, outcome } = await runCode(environment, reportScript, { limits: LIMITS });
        assertEquals([outcome, stderr], [{ kind: "exited", exitCode: 0 }, ""]);
        return JSON.parse(stdout);
      })();
    const test = (what: string, check: (report: Report) => void) =>
      Deno.test(`[docker, ${name}] ${what}`, async () => check(await reported()));

    test("a program is nobody, in no other group", ({ status, groups }) => {
      assertEquals([status["Uid"], status["Gid"]], [NOBODY, NOBODY]);
      assertEquals(groups.filter((group) => group !== 65534), []);
    });

    test("a program has no capability and can gain none", ({ status, calls }) => {
      const capabilities = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"].map((set) => Number(`0x${status[set]}`));
      assertEquals(capabilities, [0, 0, 0, 0, 0]);
      assertEquals(status["NoNewPrivs"], ["1"]);
      assertEquals([calls["setuid"], calls["sethostname"]], ["EPERM", "EPERM"]);
    });

    test("system calls are filtered", ({ status, calls }) => {
      assertEquals(status["Seccomp"], ["2"]);
      assertEquals(["unshare", "mount", "keyctl", "bpf"].map((call) => calls[call]), Array(4).fill("EPERM"));
    });

    test("a program writes to the workspace and /tmp, and nowhere else", ({ writes, mounts }) => {
      const written = Object.entries(writes).filter(([, came]) => came === "done").map(([path]) => path);
      assertEquals(written, ["/workspace/x", "/tmp/x"]);
      assertEquals([writes["/x"], writes["/etc/x"], writes["/usr/x"]], ["EROFS", "EROFS", "EROFS"]);
      assert(mountAt(mounts, "/").options.includes("ro"));
    });

    test("the workspace is memory of the size that was asked for, and runs programs", ({ mounts, sizes, running }) => {
      const { kind, options } = mountAt(mounts, "/workspace");
      assertEquals([kind, options.includes("nosuid"), options.includes("nodev")], ["tmpfs", true, true]);
      assertEquals(sizes["/workspace"]?.bytes, (LIMITS.diskMb + MARGIN_MB) * MEBIBYTE);
      assert((sizes["/workspace"]?.inodes ?? 0) > 1_000);
      assert((sizes["/workspace"]?.inodes ?? Infinity) < 100_000);
      assertEquals(running["/workspace"], "done");
    });

    test("/tmp is bounded memory and runs no program", ({ mounts, sizes, running }) => {
      const { kind, options } = mountAt(mounts, "/tmp");
      assertEquals([kind, ...["nosuid", "nodev", "noexec"].map((option) => options.includes(option))], [
        "tmpfs",
        true,
        true,
        true,
      ]);
      assert((sizes["/tmp"]?.bytes ?? Infinity) < 128 * MEBIBYTE);
      assert((sizes["/tmp"]?.inodes ?? Infinity) < 100_000);
      assertEquals(running["/tmp"], "EACCES");
    });

    test("nothing of the host is mounted", ({ mounts, sockets, devices }) => {
      const others = mounts.filter(({ at, kind }) => !KINDS.includes(kind) && !MOUNTED_FILES.includes(at));
      assertEquals(others.map(({ at }) => at), ["/"]);
      assertEquals(sockets, []);
      const harmless = [
        "console",
        "full",
        "null",
        "ptmx",
        "random",
        "stderr",
        "stdin",
        "stdout",
        "tty",
        "urandom",
        "zero",
      ];
      assertEquals(devices.filter((device) => !harmless.includes(device)), []);
    });

    test("there is no network", ({ interfaces, gateways, connections, name: resolved }) => {
      assertEquals([interfaces, gateways], [["lo"], []]);
      assertEquals([...new Set(Object.values(connections))], ["ENETUNREACH"]);
      assert(resolved !== "done");
    });

    test("memory is bounded, swap included", ({ memory, memory_and_swap, swap }) => {
      assertEquals(Number(memory), LIMITS.memoryMb * MEBIBYTE);
      if (memory_and_swap !== null) assertEquals(Number(memory_and_swap), LIMITS.memoryMb * MEBIBYTE);
      if (swap !== null) assertEquals(Number(swap), 0);
    });

    test("a program has one processor", ({ cpu }) => {
      const [quota, period] = cpu.split(" ").map(Number);
      assertEquals(quota, period);
    });

    test("as many processes as were asked for can be had", ({ children }) => {
      assertEquals(children, LIMITS.maxProcesses - 1); // That more end the program is among the checks of every runtime.
    });

    test("descriptors and core dumps are bounded, and files by the room for them", ({ limits }) => {
      assertEquals(limits, { NOFILE: [4_096, 4_096], FSIZE: [-1, -1], CORE: [0, 0] });
    });

    test("an init reaps what loses its parent", ({ init, orphan }) => {
      assertEquals(orphan, "reaped");
      assertStringIncludes(init, "init");
    });

    test("memory is shared with nobody", ({ shared_memory, ipc }) => {
      assertEquals(shared_memory, "ENOENT");
      assert(ipc !== FIRST_IPC_NAMESPACE);
    });

    test("a program sees the processes of its own container alone", ({ processes }) => {
      assertEquals(processes.filter((user) => user !== 65534 && user !== 65533), []);
      assert(processes.length < 8);
    });

    test("a program sees no variable of the service", ({ variables }) => {
      const names = Object.keys(variables);
      assertEquals(names.filter((name) => /DOCKER|CODEBEAKER|SSH|TOKEN|SECRET|^DENO/.test(name)), []);
      assertEquals(variables["HOME"], "/tmp");
    });

    Deno.test(`[docker, ${name}] the Engine keeps nothing of a container, and grants it nothing`, async () => {
      await using docker = await openDocker();
      await using environment = await docker.runtime.createEnvironment(configFor("bash", { singleUse }));
      const program = await startSleeper(environment.mainFile(), environment);
      const [listed, ...others] = await docker.containers();
      assert(listed !== undefined && others.length === 0);
      const { HostConfig: granted, Mounts: mounts, NetworkSettings: network, Config: config } = await docker.engine
        .getContainer(listed.Id).inspect();
      assertEquals({
        log: granted.LogConfig?.Type,
        restart: granted.RestartPolicy?.Name,
        isPrivileged: granted.Privileged,
        binds: granted.Binds ?? [],
        devices: granted.Devices ?? [],
        added: granted.CapAdd ?? [],
        pidMode: granted.PidMode,
        ipcMode: granted.IpcMode,
        networkMode: granted.NetworkMode,
        oomScoreAdj: granted.OomScoreAdj,
        mounts: mounts.map(({ Destination, Driver, Type }) => [Type, Driver, Destination]),
        ports: network.Ports,
        hasTerminal: config.Tty,
        volumes: config.Volumes,
      }, {
        log: "none",
        restart: "no",
        isPrivileged: false,
        binds: [],
        devices: [],
        added: [],
        pidMode: "",
        ipcMode: "none",
        networkMode: "none",
        oomScoreAdj: 500,
        mounts: [["volume", "local", "/dev/pts"]],
        ports: {},
        hasTerminal: false,
        volumes: null,
      });
      program.kill("SIGKILL");
      await program.outcome;
      await environment[Symbol.asyncDispose]();
      const volumes = async () => (await docker.engine.listVolumes()).Volumes.map(({ Name }) => Name);
      await until(async () => !(await volumes()).includes(mounts[0]?.Name ?? ""), "its terminals go with it");
    });
  }

  Deno.test("[docker] a program sees nothing of another environment", async () => {
    await using docker = await openDocker();
    await using first = await docker.runtime.createEnvironment(configFor("bash"));
    await using second = await docker.runtime.createEnvironment(configFor("bash"));
    await first.files.write("secret", new TextEncoder().encode("of the first"));
    const sleeper = await startSleeper(first.mainFile(), first);
    const look = [
      "cat /proc/[0-9]*/cmdline | tr '\\0' '\\n' | grep -c 100[0]",
      "ls /workspace",
      "cat /proc/[0-9]*/root/workspace/secret 2>/dev/null | wc -c",
    ].join("\n");
    assertEquals((await runCode(second, look)).stdout, "0\nmain.sh\n0\n");
    assertEquals(
      (await runCode(first, "cat secret; grep -l 100[0] /proc/[0-9]*/cmdline | wc -l")).stdout,
      "of the first1\n",
    );
    sleeper.kill("SIGKILL");
    await sleeper.outcome;
  });

  Deno.test("[docker, lasting] a program that kills everything it can leaves the environment usable", async () => {
    await using docker = await openDocker();
    await using environment = await docker.runtime.createEnvironment(configFor("bash"));
    await environment.files.write("kept", new TextEncoder().encode("kept"));
    const killer =
      "kill -KILL 1; for pid in $(ls /proc | grep '^[0-9]*$'); do [ $pid = $$ ] || kill -KILL $pid; done; kill -KILL -1; kill -KILL $$";
    for (let round = 0; round < 2; round++) {
      const { outcome } = await runCode(environment, killer);
      assertEquals(outcome, { kind: "signaled", signal: "SIGKILL" });
      const { stdout } = await runCode(environment, "cat kept; ls /proc | grep -c '^[0-9]*$'");
      assertStringIncludes(stdout, "kept");
    }
    const [container] = await docker.containers();
    assertEquals(container?.State, "running");
  });

  Deno.test("[docker, lasting] a program can neither read nor trace what keeps its container", async () => {
    await using docker = await openDocker();
    await using environment = await docker.runtime.createEnvironment(configFor("bash"));
    const look = [
      "keeper=$(grep -lx sleep /proc/[0-9]*/comm | grep -o '[0-9]*')",
      "grep ^Uid: /proc/$keeper/status | cut -f2",
      "for file in environ mem fd/0 root/etc/passwd cwd/.; do cat /proc/$keeper/$file > /dev/null 2>&1 && echo $file; done",
      "kill -TERM $keeper 2> /dev/null || echo refused",
    ].join("\n");
    assertEquals((await runCode(environment, look)).stdout, "65533\nrefused\n");
  });
}

function mountAt(mounts: readonly Mount[], path: string): Mount {
  const mount = mounts.find(({ at }) => at === path);
  assert(mount !== undefined, `nothing is mounted at ${path}`);
  return mount;
}

async function startSleeper(
  path: string,
  environment: Awaited<ReturnType<Awaited<ReturnType<typeof openDocker>>["runtime"]["createEnvironment"]>>,
): Promise<ProgramHandle> {
  await environment.files.write(path, new TextEncoder().encode("exec sleep 1000"));
  const program = await environment.run({ kind: "file", path, args: [] }, { env: {}, limits: DEFAULT_LIMITS });
  ReadableStream.from(program.output).pipeTo(new WritableStream());
  return program;
}
