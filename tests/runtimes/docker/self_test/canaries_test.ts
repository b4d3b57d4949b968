import { assertEquals } from "@std/assert";
import type { Outcome } from "../../../../src/core/execution.ts";
import { type Observation, promisedCanaries } from "../../../../src/runtimes/docker/self_test/canaries.ts";
import { judge } from "../../../../src/runtimes/self_test/canary.ts";
import { brokenFindings } from "../../../../src/runtimes/self_test/findings.ts";

const PROMISES = { hasSeccomp: true, limitsMemory: true, limitsProcesses: true };
const OUTPUT = `honest 42
status Uid: 65534	65534	65534	65534
status CapBnd: 0000000000000000
status NoNewPrivs: 1
status Seccomp: 2
HOME=/tmp
process 1
/sbin/docker-init
over
${"child\n".repeat(6)}`;
const EXITED: Outcome = { kind: "exited", exitCode: 0 };
const OBSERVATION: Observation = {
  output: OUTPUT,
  outcome: EXITED,
  greedyOutcome: { kind: "memory_limit", limitMb: 64, observedMb: 64 },
  changedPaths: ["/workspace"],
  connections: 0,
  marker: "canary_1",
  ownVariables: ["SECRET=of the\nservice"],
  ownCommandLine: "deno\nrun\nmain.ts\n",
};

async function faults(observation: Partial<Observation> = {}): Promise<Record<string, string | undefined>> {
  const findings = await judge(promisedCanaries(PROMISES), () => ({ ...OBSERVATION, ...observation }));
  return Object.fromEntries(findings.filter(({ kept }) => !kept).map(({ name, detail }) => [name, detail]));
}

Deno.test("judge() finds no fault in the report of a container that keeps every promise", async () => {
  assertEquals(await faults(), {});
});

Deno.test("judge() finds each broken promise by the name of its canary", async () => {
  const cases: readonly [observation: Partial<Observation>, expected: Record<string, string>][] = [
    [{ output: OUTPUT.replace("over\n", ""), outcome: { kind: "timed_out", limitMs: 1 } }, {
      honest: 'it ended with {"kind":"timed_out","limitMs":1} before it said "over"',
    }],
    [{ connections: 1 }, { network: "a program connected to this machine" }],
    [{ output: `${OUTPUT}route eth0 00000000\n` }, {
      network: "a program has a route to a network (eth0 00000000)",
    }],
    [{ output: `${OUTPUT}wrote /etc\n` }, { root: "a program wrote to /etc" }],
    [{ changedPaths: ["/workspace", "/usr/canary_1"] }, { root: "a program wrote to /usr/canary_1" }],
    [{ output: `${OUTPUT}SECRET=of the\nservice\n` }, { environment: "the service's own SECRET was seen" }],
    [{ output: `${OUTPUT}process 7\ndeno\nrun\nmain.ts\n` }, {
      processes: "a program saw the service's process",
    }],
    [{ output: OUTPUT + "process 7\nsh\n".repeat(12) }, { processes: "a program saw 13 processes" }],
    [{ output: OUTPUT.replace("CapBnd: 0000000000000000", "CapBnd: 00000000a80425fb") }, {
      privileges: "a program holds capabilities (CapBnd 00000000a80425fb)",
    }],
    [{ output: OUTPUT.replace("Uid: 65534", "Uid: 0") }, { privileges: "a program runs as root" }],
    [{ output: OUTPUT.replace("NoNewPrivs: 1", "NoNewPrivs: 0") }, {
      privileges: "a program may gain privileges (NoNewPrivs 0)",
    }],
    [{ output: OUTPUT.replace("Seccomp: 2", "Seccomp: 0") }, {
      seccomp: "system calls are not filtered (Seccomp 0)",
    }],
    [{ output: OUTPUT + "child\n".repeat(58) }, {
      process_count: 'a program started 64 processes, and ended with {"kind":"exited","exitCode":0}',
    }],
    [{ output: OUTPUT.replaceAll("child\n", "") }, {
      process_count: 'a program started 0 processes, and ended with {"kind":"exited","exitCode":0}',
    }],
    [{ greedyOutcome: EXITED }, { memory: 'it ended with {"kind":"exited","exitCode":0}' }],
  ];
  for (const [observation, expected] of cases) assertEquals(await faults(observation), expected);
});

Deno.test("promisedCanaries() leaves out the canaries of promises that are not made", () => {
  const nothing = { hasSeccomp: false, limitsMemory: false, limitsProcesses: false };
  assertEquals(promisedCanaries(nothing).map(({ name }) => name), [
    ...["honest", "network", "root", "environment", "processes", "privileges"],
  ]);
});

Deno.test("the canaries of a container that reports nothing are broken at their costs", async () => {
  const canaries = promisedCanaries(PROMISES);
  const findings = await judge(canaries, () => ({
    ...OBSERVATION,
    output: "",
    outcome: { kind: "exited", exitCode: 1 } as const,
    changedPaths: [],
    greedyOutcome: undefined,
  }));
  const names = (cost: "runtime" | "filter" | "limit") =>
    brokenFindings(findings, { canaries, cost }).map(({ name }) => name);
  assertEquals([names("runtime"), names("filter")], [["honest", "privileges"], ["seccomp"]]);
  assertEquals(names("limit"), ["process_count", "memory"]);
});
