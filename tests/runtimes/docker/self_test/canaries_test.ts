import { assertEquals } from "@std/assert";
import type { Outcome } from "../../../../src/core/execution.ts";
import { type Bait, brokenOf, claimed, judge, type Seen } from "../../../../src/runtimes/docker/self_test/canaries.ts";

const CLAIMS = { hasSeccomp: true, limitsMemory: true, limitsProcesses: true };
const BAIT: Bait = {
  marker: "canary_1",
  connections: () => 0,
  ownVariables: ["SECRET=of the\nservice"],
  ownCommandLine: "deno\nrun\nmain.ts\n",
};
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
const GREEDY = { output: "", outcome: { kind: "memory_limit", limitMb: 64, observedMb: 64 } } as const;

function faults(seen: Partial<Seen> = {}, bait: Partial<Bait> = {}): Record<string, string | undefined> {
  const whole = {
    output: OUTPUT,
    outcome: EXITED,
    greedy: GREEDY,
    changedPaths: ["/workspace"],
    ...seen,
  };
  const broken = judge(claimed(CLAIMS), whole, { ...BAIT, ...bait }).filter(({ kept }) => !kept);
  return Object.fromEntries(broken.map(({ name, detail }) => [name, detail]));
}

Deno.test("judge() finds nothing in the report of a container that holds", () => {
  assertEquals(faults(), {});
});

Deno.test("judge() tells each canary that is not contained, by its own name", () => {
  const cases: readonly [found: Record<string, string | undefined>, expected: Record<string, string>][] = [
    [faults({ output: OUTPUT.replace("over\n", ""), outcome: { kind: "timed_out", limitMs: 1 } }), {
      honest: 'it ended with {"kind":"timed_out","limitMs":1} before it said "over"',
    }],
    [faults({}, { connections: () => 1 }), { network: "a program connected to this machine" }],
    [faults({ output: `${OUTPUT}route eth0 00000000\n` }), {
      network: "a program has a route to a network (eth0 00000000)",
    }],
    [faults({ output: `${OUTPUT}wrote /etc\n` }), { root: "a program wrote to /etc" }],
    [faults({ changedPaths: ["/workspace", "/usr/canary_1"] }), { root: "a program wrote to /usr/canary_1" }],
    [faults({ output: `${OUTPUT}SECRET=of the\nservice\n` }), { environment: "the service's own SECRET was seen" }],
    [faults({ output: `${OUTPUT}process 7\ndeno\nrun\nmain.ts\n` }), {
      processes: "a program saw the service's process",
    }],
    [faults({ output: OUTPUT + "process 7\nsh\n".repeat(12) }), { processes: "a program saw 13 processes" }],
    [faults({ output: OUTPUT.replace("CapBnd: 0000000000000000", "CapBnd: 00000000a80425fb") }), {
      privileges: "a program holds capabilities (CapBnd 00000000a80425fb)",
    }],
    [faults({ output: OUTPUT.replace("Uid: 65534", "Uid: 0") }), { privileges: "a program runs as root" }],
    [faults({ output: OUTPUT.replace("NoNewPrivs: 1", "NoNewPrivs: 0") }), {
      privileges: "a program may gain privileges (NoNewPrivs 0)",
    }],
    [faults({ output: OUTPUT.replace("Seccomp: 2", "Seccomp: 0") }), {
      seccomp: "system calls are not filtered (Seccomp 0)",
    }],
    [faults({ output: OUTPUT + "child\n".repeat(58) }), {
      process_count: 'a program started 64 processes, and ended with {"kind":"exited","exitCode":0}',
    }],
    [faults({ output: OUTPUT.replaceAll("child\n", "") }), {
      process_count: 'a program started 0 processes, and ended with {"kind":"exited","exitCode":0}',
    }],
    [faults({ greedy: { output: "", outcome: EXITED } }), { memory: 'it ended with {"kind":"exited","exitCode":0}' }],
  ];
  for (const [found, expected] of cases) assertEquals(found, expected);
});

Deno.test("claimed() asks nothing that is not promised, and the rest always", () => {
  const nothing = { hasSeccomp: false, limitsMemory: false, limitsProcesses: false };
  assertEquals(claimed(nothing).map(({ name }) => name), [
    ...["honest", "network", "root", "environment", "processes", "privileges"],
  ]);
});

Deno.test("brokenOf() tells what is broken apart by what it guards", () => {
  const findings = judge(
    claimed(CLAIMS),
    { output: "", outcome: { kind: "exited", exitCode: 1 }, changedPaths: [] },
    BAIT,
  );
  const names = (guards: "runtime" | "filter" | "limit") => brokenOf(findings, guards).map(({ name }) => name);
  assertEquals([names("runtime"), names("filter")], [["honest", "privileges"], ["seccomp"]]);
  assertEquals(names("limit"), ["process_count", "memory"]);
});
