import { assert, assertEquals } from "@std/assert";
import {
  childrenOf,
  coreTimesOf,
  descriptorPathsOf,
  descriptorsOf,
  familyOf,
  isAlive,
  statFieldsOf,
} from "../../src/process/process_tree.ts";
import { until } from "../support/until.ts";

/** A shell that runs a script, and the first line that it said. */
async function withShell(
  script: string,
  test: (pid: number, said: number[]) => Promise<void> | void,
): Promise<void> {
  const child = new Deno.Command("/bin/sh", { args: ["-c", script], stdin: "null", stdout: "piped", detached: true })
    .spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  try {
    let said = "";
    while (!said.includes("\n")) said += (await reader.read()).value ?? "\n";
    await test(child.pid, said.trim().split(" ").map(Number));
  } finally {
    Deno.kill(-child.pid, "SIGKILL");
    await Promise.all([child.status, reader.cancel()]);
  }
}

const isGone = (pid: number) => !isAlive(pid);

Deno.test("childrenOf() tells the children of a process, and not theirs", () =>
  withShell(
    "sleep 60 & a=$!; sh -c 'sleep 60 & wait' & b=$!; sleep 0.1; echo $a $b; wait",
    (pid, [one = 0, other = 0]) => {
      assertEquals(childrenOf(pid).filter((child) => [one, other].includes(child)), [one, other]);
      assertEquals([childrenOf(one), childrenOf(other).length], [[], 1]);
    },
  ));

Deno.test("childrenOf() tells the children of any of a process's threads", async () => {
  const child = new Deno.Command("/bin/sleep", { args: ["60"] }).spawn();
  assert(childrenOf(Deno.pid).includes(child.pid));
  child.kill("SIGKILL");
  await child.status;
  assertEquals(childrenOf(Deno.pid).includes(child.pid), false);
});

Deno.test("familyOf() begins with the process, and reaches every descendant whatever group it is in", () =>
  withShell("setsid sh -c 'sh -c \"sleep 60 & echo \\$\\$ \\$!; wait\"; :' & wait", (pid, [parent = 0, leaf = 0]) => {
    const family = familyOf(pid);
    assertEquals(family[0], pid);
    assert(family.includes(parent) && family.includes(leaf), `${family} of ${parent} ${leaf}`);
    assertEquals(new Set(family).size, family.length);
    Deno.kill(leaf, "SIGKILL");
  }));

Deno.test("familyOf() of a process that is gone is itself, and it has no children", () => {
  const gone = 2 ** 22 - 1;
  assertEquals([familyOf(gone), childrenOf(gone), isAlive(gone)], [[gone], [], false]);
});

Deno.test("isAlive() takes one that has ended and waits to be reaped for dead, whatever its name", async () => {
  assertEquals(isAlive(Deno.pid), true);
  const directory = await Deno.makeTempDir();
  for (const name of ["sleep", "a) Z 1 (b", "x Z"]) await Deno.copyFile("/bin/sleep", `${directory}/${name}`);
  const start = ["sleep", "a) Z 1 (b", "x Z"].map((name) => `'${directory}/${name}' 60 & a="$a $!";`).join(" ");
  await withShell(`${start} echo $a; exec sleep 60`, async (parent, pids) => {
    await until(() => Deno.readTextFileSync(`/proc/${parent}/comm`) === "sleep\n", "it reaps none of them any more");
    assertEquals(pids.map(isAlive), [true, true, true]);
    for (const pid of pids) Deno.kill(pid, "SIGKILL");
    for (const pid of pids) await until(() => isGone(pid), "it is a zombie");
    for (const pid of pids) assert(/\) Z /.test(Deno.readTextFileSync(`/proc/${pid}/stat`)));
  });
  await Deno.remove(directory, { recursive: true });
});

Deno.test("coreTimesOf() counts what processes computed, and how long they waited for a core", () => {
  const loops = "while :; do :; done & ".repeat(navigator.hardwareConcurrency + 1);
  return withShell(`${loops} echo; wait`, async (pid) => {
    const times = () => coreTimesOf(familyOf(pid));
    await until(() => times().runMs > 20 && times().waitMs > 20, "the loops have shared the cores");
    assertEquals(coreTimesOf([]), { runMs: 0, waitMs: 0 });
  });
});

Deno.test("descriptorsOf() counts the files that a process has open, as many as have names", async () => {
  await withShell("exec 5</dev/null 6</dev/null 7</dev/null; echo 1; exec sleep 60", async (pid) => {
    const comm = () => Deno.readTextFileSync(`/proc/${pid}/comm`);
    await until(() => comm() === "sleep\n" && statFieldsOf(pid)[0] === "S", "it sleeps, and opens no more");
    const paths = descriptorPathsOf(pid);
    for (const descriptor of [0, 1, 2, 5, 6, 7]) assert(paths.includes(`/proc/${pid}/fd/${descriptor}`));
    assertEquals(descriptorsOf(pid), paths.length);
  });
  assertEquals(descriptorsOf(2 ** 22 - 1), 0);
});
