import { assert, assertEquals } from "@std/assert";
import { familyOf } from "../../../src/process/process_tree.ts";
import { MountNamespaces } from "../../../src/host/mount_namespaces.ts";
import { launcherPaths } from "../../../src/sandbox/launchers/find_launchers.ts";
import { LauncherMounts, OWN_DEVICES } from "../../../src/sandbox/launchers/launcher_mounts.ts";
import { type ConfinedBench, type ConfinedProgram, openConfinedBench } from "../../support/confined.ts";
import { layerAvailability } from "../../support/layers.ts";
import { isPresent } from "../../support/requirements.ts";
import { spareLauncherOf } from "../../support/spare_launcher.ts";

const bench = await openConfinedBench();
Deno.test.afterAll(async () => await bench[Symbol.asyncDispose]());
const needs = ["bubblewrap", "own_user", "tmpfs"] as const;

if (needs.every((name) => isPresent(name, layerAvailability(bench.confinement, name)))) {
  Deno.test("launchers see their program's directory, and no mount of another one or of this machine", async () => {
    const first = await launcherMountsIn(bench);
    await using other = bench.confinement.makeDirectory(`${bench.scratchPath}/other`, { diskMb: 1 });
    const second = await launcherMountsIn(bench);
    assertEquals(second, first);
    assert(first.includes(bench.directory.path) && !first.includes(other.path));
    const all = pointsOf("/proc/self/mountinfo");
    assertEquals(["/", "/usr", "/proc", OWN_DEVICES, bench.scratchPath].filter((point) => !first.includes(point)), []);
    assert(all.includes(other.path));
  });

  Deno.test("a launcher that waited sees the same as one that did not, and its program the same", async () => {
    await using bench = await openConfinedBench();
    await using kept = bench.confinement.keepSpareLauncher();
    await bench.sh("true"); // Its end starts the launcher that waits.
    const spare = await spareLauncherOf(bench.scratchPath);
    const waited = await viewsIn(bench);
    await kept?.[Symbol.asyncDispose](); // The next launcher would wait already, if this machine is slow.
    const started = await viewsIn(bench);
    assertEquals(waited.pid, spare);
    assert(started.pid !== spare);
    assertEquals(waited.seen, started.seen);
  });

  Deno.test("each program has a network of its own with nothing in it, whether or not its launcher waited", async () => {
    await using bench = await openConfinedBench();
    await using _kept = bench.confinement.keepSpareLauncher();
    const networks = [Deno.readLinkSync("/proc/self/ns/net")];
    using held = new DisposableStack(); // The kernel gives the number of a network that is gone to the next one.
    for (let turn = 1; turn <= 3; turn++) {
      const program = bench.start([
        "/bin/sh",
        "-c",
        "readlink /proc/self/ns/net; cat /proc/net/dev; echo end; sleep 60",
      ]);
      const [network = "", ...lines] = (await readToEnd(program)).trimEnd().split("\n");
      assertEquals(lines.map((line) => line.trim().split(/[\s|]/)[0]), ["Inter-", "face", "lo:", "end"]);
      networks.push(network);
      held.use(Deno.openSync(`/proc/${familyOf(program.pid).at(-1)}/ns/net`));
      program.processes.signal("SIGKILL");
      await program.end();
      await spareLauncherOf(bench.scratchPath); // For the next program.
    }
    assertEquals(new Set(networks).size, networks.length);
  });

  Deno.test("a program that needs a file of another mount finds it, whether or not a launcher waits", async () => {
    await using bench = await openConfinedBench();
    await using _kept = bench.confinement.keepSpareLauncher();
    await using other = bench.confinement.makeDirectory(`${bench.scratchPath}/other`, { diskMb: 1 });
    const elsewhere = await Deno.makeTempDir();
    const outer = other.makeDirectory("outer");
    for (const place of [elsewhere, outer]) {
      await Deno.chmod(place, 0o755);
      await Deno.writeTextFile(`${place}/file`, place);
    }
    await Deno.chmod(other.path, 0o755);
    for (const source of [elsewhere, outer]) {
      for (const when of ["none waits", "one waits"]) {
        const { stdout } = await bench.sh("cat /granted/file", {
          mounts: [{ source, target: "/granted", access: "read" }],
        });
        assertEquals([when, stdout], [when, source]);
        await spareLauncherOf(bench.scratchPath);
      }
    }
    await Deno.remove(elsewhere, { recursive: true });
  });

  Deno.test("LauncherMounts.covers() says no where something was mounted since, also of the same disk", async () => {
    const [bubblewrap = ""] = launcherPaths("bwrap");
    using mounts = await LauncherMounts.open({ bubblewrap, directory: bench.scratchPath, groups: [] });
    using namespaces = MountNamespaces.open();
    using home = namespaces?.namespaceOf("thread-self");
    using later = namespaces?.cloneMount("/usr/lib");
    assert(mounts !== undefined && namespaces !== undefined && home !== undefined && later !== undefined);
    const paths = ["/usr/bin", "/usr/share", bench.directory.path, `${bench.directory.path}/workspace`, "/missing"];
    const covered = () => paths.filter((path) => mounts.covers(["/bin/sh", path], bench.directory.path));
    assertEquals(covered(), paths.slice(0, -1));
    const coversLater = namespaces.within(home, () => {
      assert(namespaces.enterCopy() && namespaces.makePrivate() && namespaces.place(later, "/usr/share"));
      return mounts.covers(["/usr/bin", "/usr/share"], bench.directory.path);
    });
    assertEquals(coversLater, false);
  });
}

/** The mount points that the launcher of a running program sees. */
async function launcherMountsIn(bench: ConfinedBench): Promise<string[]> {
  const program = bench.start(["/bin/sh", "-c", "echo up; read -r end; sleep 60"]);
  await program.read();
  const points = pointsOf(`/proc/${program.pid}/mountinfo`);
  program.processes.signal("SIGKILL");
  await program.end();
  return points;
}

async function viewsIn(bench: ConfinedBench): Promise<{ readonly pid: number; readonly seen: unknown }> {
  const program = bench.start([
    "/bin/sh",
    "-c",
    'sed -E "s/^[0-9]+ [0-9]+ [0-9]+:[0-9]+//" /proc/self/mountinfo; pwd; echo end; sleep 60',
  ]);
  const own = await readToEnd(program);
  const seen = [own, pointsOf(`/proc/${program.pid}/mountinfo`), Deno.readLinkSync(`/proc/${program.pid}/cwd`)];
  program.processes.signal("SIGKILL");
  await program.end();
  return { pid: program.pid, seen };
}

/** What a program says up to a line "end". */
async function readToEnd(program: ConfinedProgram): Promise<string> {
  let said = "";
  for (let more = "more"; more !== "" && !said.endsWith("end\n"); said += more) more = await program.read();
  return said;
}

function pointsOf(table: string): string[] {
  return Deno.readTextFileSync(table).trimEnd().split("\n").map((line) => line.split(" ")[4] ?? "").toSorted();
}
