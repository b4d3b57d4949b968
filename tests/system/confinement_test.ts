import { assertEquals, assertMatch } from "@std/assert";
import { DEFAULT_LIMITS } from "../../src/core/limits.ts";
import { Confinement } from "../../src/system/confinement.ts";
import { spawnGroup } from "../../src/system/spawn.ts";
import { isPresent } from "../support/requirements.ts";

const directory = await Deno.makeTempDir();
const confinement = await Confinement.detect(directory);
Deno.test.afterAll(async () => {
  confinement[Symbol.dispose]();
  await Deno.remove(directory, { recursive: true });
});

async function outputOf(argv: [string, ...string[]], ipv4Only = false): Promise<string> {
  const limits = { ...DEFAULT_LIMITS, cpuMs: 2_500, diskMb: 3, memoryMb: 100 };
  const confined = confinement.confine(argv, { limits, reservedDataBytes: 1_000_000_000, ipv4Only });
  const child = spawnGroup({
    ...confined,
    cwd: "/",
    env: { PATH: "/usr/bin:/bin", DENO_DIR: `${directory}/deno_dir` },
  });
  await child.stdin.close();
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.status,
  ]);
  return stdout + stderr;
}

const layers = confinement.layers;
if (
  isPresent(
    "rlimits",
    layers.includes("rlimits") ? { available: true } : { available: false, reason: "prlimit(2) cannot be called" },
  )
) {
  Deno.test("Confinement bounds CPU time, data, files, descriptors and core dumps", async () => {
    const limits = await outputOf(["/bin/sh", "-c", "sleep 0.1; cat /proc/self/limits"]);
    assertMatch(limits, /Max cpu time +3 +4 /);
    assertMatch(limits, /Max data size +1209715200 +1209715200 /);
    assertMatch(limits, /Max file size +3145728 +3145728 /);
    assertMatch(limits, /Max open files +256 +256 /);
    assertMatch(limits, /Max core file size +0 +0 /);
  });
}

if (
  isPresent(
    "setpriv",
    layers.includes("no_new_privs")
      ? { available: true }
      : { available: false, reason: "setpriv of util-linux does not work here" },
  )
) {
  Deno.test("Confinement lets a child gain no privilege", async () => {
    assertMatch(await outputOf(["/bin/cat", "/proc/self/status"]), /NoNewPrivs:\s+1/);
  });

  Deno.test("Confinement makes the child the leader of its own group and session", async () => {
    const [pid, , , , group, session] = (await outputOf(["/bin/cat", "/proc/self/stat"])).split(" ");
    assertEquals([group, session], [pid, pid]);
  });
}

if (
  isPresent(
    "seccomp",
    confinement.canKeepToIpv4 ? { available: true } : { available: false, reason: "setpriv has no --seccomp-filter" },
  )
) {
  Deno.test("Confinement refuses sockets that are not IPv4 where it is told to, and no others", async () => {
    const code = `import * as net from "node:net"; import * as dgram from "node:dgram";
      const tryConnect = (host) => new Promise((resolve) => net.connect(9, host).on("error", (error) => resolve(error.message)).on("connect", () => resolve("connected")));
      console.log(await tryConnect("127.0.0.1"), "|", await tryConnect("::1"));
      Deno.exit(0);`;
    const run: [string, ...string[]] = [Deno.execPath(), "eval", "--quiet", code];
    assertMatch(await outputOf(run, true), /ECONNREFUSED.*\|.*EAFNOSUPPORT/);
    assertMatch(await outputOf(run, false), /ECONNREFUSED.*\|.*ECONNREFUSED/);
  });
}
