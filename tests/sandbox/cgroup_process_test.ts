import { assert, assertEquals } from "@std/assert";
import { dirname, join } from "@std/path";
import { Cgroup } from "../../src/sandbox/cgroup.ts";
import { Cgroups } from "../../src/sandbox/cgroups.ts";
import { messageOf } from "../../src/core/errors.ts";
import { until } from "../support/until.ts";
import { isPresent } from "../support/requirements.ts";

const BOUNDS = { memoryBytes: 64 * 1_048_576, tasks: 32 };

/** A group whose files a test makes, since no kernel does here. */
async function withFakeGroup(
  { version, files }: { readonly version: 1 | 2; readonly files: Readonly<Record<string, string>> },
  test: (group: Cgroup, read: (path: string) => string) => void,
): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    const at = (controller: string) => join(root, version === 2 ? "all" : controller);
    for (const name of new Set(["memory", "pids", "cpu"].map(at))) await Deno.mkdir(name);
    const group = new Cgroup({ memory: at("memory"), pids: at("pids"), cpu: at("cpu") }, version);
    for (const [path, text] of Object.entries(files)) await Deno.writeTextFile(join(root, path), text);
    test(group, (path) => Deno.readTextFileSync(join(root, path)));
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const VERSION_1 = {
  "memory/memory.limit_in_bytes": "9223372036854771712\n",
  "memory/memory.memsw.limit_in_bytes": "9223372036854771712\n",
  "memory/memory.stat":
    "cache 5\nrss 7\nrss_huge 0\ntotal_cache 500\ntotal_rss 700\ntotal_shmem 40\ntotal_workingset_refault_file 3\npgmajfault 1\ntotal_pgmajfault 4\n",
  "memory/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
  "memory/cgroup.procs": "9\n",
  "pids/pids.max": "max\n",
  "pids/pids.events": "max 3\n",
  "pids/cgroup.procs": "0\n12\n34\n",
  "cpu/cpuacct.usage": "2500000\n",
  "cpu/cgroup.procs": "",
};

const VERSION_2 = {
  "all/memory.max": "max\n",
  "all/memory.swap.max": "max\n",
  "all/memory.oom.group": "0\n",
  "all/memory.stat": "anon 700\nfile 500\nshmem 40\nanon_thp 1\nworkingset_refault_file 3\npgmajfault 4\n",
  "all/memory.events": "low 0\nhigh 0\nmax 8\noom 4\noom_kill 2\noom_group_kill 1\n",
  "all/pids.max": "max\n",
  "all/pids.events": "max 3\n",
  "all/cpu.stat": "usage_usec 2500\nuser_usec 1000\nsystem_usec 1500\n",
  "all/cgroup.procs": "0\n12\n34\n",
};

const COUNTS = { cpuMs: 2.5, outOfMemory: 2, refusedTasks: 3 };
const MEMORY = { anonymousBytes: 700, sharedBytes: 40, cachedBytes: 460, rereadBytes: 3 * 4096, majorFaults: 4 };

Deno.test("Cgroup bounds, counts and joins by the files of version 1, one directory for each controller", () =>
  withFakeGroup({ version: 1, files: VERSION_1 }, (group, read) => {
    group.bound(BOUNDS);
    assertEquals(read("memory/memory.limit_in_bytes"), "67108864");
    assertEquals([read("memory/memory.memsw.limit_in_bytes"), read("pids/pids.max")], ["67108864", "32"]);
    assertEquals([group.counts(), group.memory()], [COUNTS, MEMORY]);
    assertEquals(group.members(), [12, 34]);
    assertEquals(group.files.map((path) => path.split("/").slice(-2).join("/")), [
      "memory/tasks",
      "pids/tasks",
      "cpu/tasks",
    ]);
  }));

Deno.test("Cgroup bounds, counts and joins by the files of version 2, all in one directory", () =>
  withFakeGroup({ version: 2, files: VERSION_2 }, (group, read) => {
    group.bound(BOUNDS);
    assertEquals(["max", "swap.max", "oom.group"].map((name) => read(`all/memory.${name}`)), ["67108864", "0", "1"]);
    assertEquals(read("all/pids.max"), "32");
    assertEquals([group.counts(), group.memory()], [COUNTS, MEMORY]);
    assertEquals(group.members(), [12, 34]);
    assertEquals(group.files.map((path) => path.split("/").slice(-2).join("/")), ["all/cgroup.procs"]);
  }));

Deno.test("Cgroup does without the accounting of swap, and not without a bound on memory or tasks", async () => {
  const without = (files: Record<string, string>, ...names: string[]) =>
    Object.fromEntries(Object.entries(files).filter(([path]) => !names.some((name) => path.endsWith(`/${name}`))));
  const isBound = (version: 1 | 2, files: Record<string, string>) => {
    let fault = "";
    return withFakeGroup({ version, files }, (group) => {
      try {
        group.bound(BOUNDS);
      } catch (error) {
        fault = messageOf(error);
      }
    }).then(() => fault === "");
  };
  assertEquals(await isBound(1, without(VERSION_1, "memory.memsw.limit_in_bytes")), true);
  assertEquals(await isBound(2, without(VERSION_2, "memory.swap.max", "memory.oom.group")), true);
  for (const name of ["memory.limit_in_bytes", "pids.max"]) {
    assertEquals(await isBound(1, without(VERSION_1, name)), false);
  }
  for (const name of ["memory.max", "pids.max"]) assertEquals(await isBound(2, without(VERSION_2, name)), false);
});

Deno.test("Cgroup that is removed has no members, and one that is not empty stays", () =>
  withFakeGroup({ version: 1, files: { "pids/cgroup.procs": "12\n" } }, (group) => {
    assertEquals([group.remove(), group.members()], [false, [12]]); // The other two are gone now.
    Deno.removeSync(join(dirname(group.files[1] ?? ""), "cgroup.procs"));
    assertEquals([group.remove(), group.members(), group.remove()], [true, [], true]);
  }));

/** Control groups of a test's own, or why there are none. */
function openGroups(name = `test-${crypto.randomUUID()}`): Cgroups | { readonly reason: string } {
  try {
    return Cgroups.open(name);
  } catch (error) {
    return { reason: messageOf(error) };
  }
}

function availability() {
  const groups = openGroups();
  if (!(groups instanceof Cgroups)) return { available: false, reason: groups.reason } as const;
  groups[Symbol.dispose]();
  return { available: true } as const;
}

/** Runs a script in a group, which it joins itself. */
async function runIn(group: Cgroup, script: string): Promise<string> {
  const join = group.files.map((file) => `echo 0 >${file};`).join(" ");
  const { stdout } = await new Deno.Command("/bin/sh", { args: ["-c", `${join} ${script}`], stderr: "null" }).output();
  return new TextDecoder().decode(stdout);
}

if (isPresent("cgroup", availability())) {
  const withGroups = async (test: (groups: Cgroups) => Promise<void>) => {
    using groups = openGroups() as Cgroups;
    await test(groups);
  };

  Deno.test("Cgroups are of a version that there is", () =>
    withGroups((groups) => {
      assert([1, 2].includes(groups.version));
      return Promise.resolve();
    }));

  Deno.test("Cgroup holds what joined it and what that starts, and is gone when it is empty", () =>
    withGroups(async (groups) => {
      const group = groups.make(BOUNDS);
      assertEquals(group.members(), []);
      const child = new Deno.Command("/bin/sh", {
        args: ["-c", `${group.files.map((file) => `echo 0 >${file};`).join(" ")} setsid sleep 60 & echo up; wait`],
        stdout: "piped",
      }).spawn();
      const reader = child.stdout.getReader();
      await reader.read();
      await until(() => group.members().length === 2, "both are in it");
      assert(group.members().includes(child.pid));
      assertEquals(group.remove(), false);
      for (const pid of group.members()) Deno.kill(pid, "SIGKILL");
      await Promise.all([child.status, reader.cancel()]);
      await until(() => group.remove(), "it is gone");
      assertEquals(group.members(), []);
    }));

  Deno.test("Cgroup ends what takes more memory than it may, and counts that", () =>
    withGroups(async (groups) => {
      const group = groups.make({ ...BOUNDS, memoryBytes: 32 * 1_048_576 });
      assertEquals(group.counts().outOfMemory, 0);
      const said = await runIn(group, "x=$(head -c 100000000 /dev/zero | tr '\\0' x); echo $?");
      assert(group.counts().outOfMemory > 0, said);
      await until(() => group.remove(), "it is gone");
    }));

  Deno.test("Cgroup refuses more tasks than it may have, and counts that", () =>
    withGroups(async (groups) => {
      const group = groups.make({ ...BOUNDS, tasks: 4 });
      assertEquals(group.counts().refusedTasks, 0);
      await runIn(group, "for i in 1 2 3 4 5 6 7 8; do sleep 0.2 & done; wait");
      assert(group.counts().refusedTasks > 0);
      await until(() => group.remove(), "it is gone");
    }));

  Deno.test("Cgroup counts CPU time also of what has ended", () =>
    withGroups(async (groups) => {
      const group = groups.make(BOUNDS);
      const before = group.counts().cpuMs;
      await runIn(group, "(i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done)");
      const [{ cpuMs }, { anonymousBytes }] = [group.counts(), group.memory()];
      assert(cpuMs > before + 5, `${before} to ${cpuMs} ms`);
      assert(anonymousBytes < 1_048_576, `${anonymousBytes} bytes`);
      await until(() => group.remove(), "it is gone");
    }));

  Deno.test("A service in a group is on a machine with the memory of that group, or of one around it", () =>
    withGroups(async (groups) => {
      const group = groups.make({ memoryBytes: 300 * 1_048_576, tasks: 64 });
      const module = new URL("../../src/host/machine_memory.ts", import.meta.url).href;
      const code = `import { machineMemoryMb } from "${module}"; console.log(machineMemoryMb());`;
      const run = `'${Deno.execPath()}' eval --no-check --ext=ts '${code}'`;
      assertEquals(await runIn(group, run), "300\n");
      await until(() => group.remove(), "it is gone");
    }));

  // systemd mounts memory.pressure on itself where it protects control groups.
  Deno.test("Cgroups of a lost service are looked for in hierarchies, and not in a file of one that is a mount", async () => {
    using groups = openGroups() as Cgroups;
    const file = join(groups.directories[0] ?? "", "cgroup.procs");
    const module = new URL("../../src/sandbox/cgroups.ts", import.meta.url).href;
    const code = `import { Cgroups } from "${module}"; console.log(await Cgroups.removeOrphans("lost"));`;
    const { stdout } = await new Deno.Command("unshare", {
      args: ["--mount", "/bin/sh", "-ec", 'mount --bind "$0" "$0"; exec "$@"', file, Deno.execPath(), "eval", code],
      stderr: "inherit",
    }).output();
    assertEquals(new TextDecoder().decode(stdout), "true\n");
  });

  Deno.test("Cgroups that a lost service left are removed by their name, and those of others are not", async () => {
    const name = `test-${crypto.randomUUID()}`;
    const lost = openGroups(name) as Cgroups;
    const [left, another] = [lost.make(BOUNDS), lost.make(BOUNDS)];
    using others = openGroups(`${name}-other`) as Cgroups;
    const kept = others.make(BOUNDS);
    const isThere = (group: Cgroup) => group.files.map((file) => isFile(file));
    const sleeper = new Deno.Command("/bin/sh", {
      args: ["-c", `${left.files.map((file) => `echo 0 >${file};`).join(" ")} exec sleep 60`],
    }).spawn();
    await until(() => left.members().length === 1, "it is in it");
    const [status, isGone] = await Promise.all([sleeper.status, Cgroups.removeOrphans(name)]);
    assertEquals([status.signal, isGone], ["SIGKILL", true]);
    assertEquals([...isThere(left), ...isThere(another)].includes(true), false);
    assertEquals(isThere(kept).includes(false), false);
    kept.remove();
    lost[Symbol.dispose]();
    assertEquals(await Cgroups.removeOrphans(name), true);
  });
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
