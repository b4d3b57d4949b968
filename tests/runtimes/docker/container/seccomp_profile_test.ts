import { assertEquals } from "@std/assert";
import { seccompProfile } from "../../../../src/runtimes/docker/container/seccomp_profile.ts";

interface Rule {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly { readonly index: number; readonly value: number; readonly valueTwo: number }[];
}

const { defaultAction, defaultErrnoRet, syscalls }: {
  readonly defaultAction: string;
  readonly defaultErrnoRet: number;
  readonly syscalls: readonly Rule[];
} = JSON.parse(seccompProfile());

/** What the profile answers to a call, as libseccomp reads SCMP_CMP_MASKED_EQ: 0 where it is allowed, else an errno. */
function answerTo(call: string, args: readonly bigint[] = []): number {
  const rule = syscalls.find(({ args: wanted = [], names }) =>
    names.includes(call) &&
    wanted.every(({ index, value, valueTwo }) => ((args[index] ?? 0n) & BigInt(value)) === BigInt(valueTwo))
  );
  if (rule === undefined) return defaultAction === "SCMP_ACT_ERRNO" ? defaultErrnoRet : 0;
  return rule.action === "SCMP_ACT_ALLOW" ? 0 : rule.errnoRet ?? defaultErrnoRet;
}

const HIGH_BITS = 0x1_0000_0000n;

Deno.test("seccompProfile() knows no call by which a container uses up what the machine or its user has", () => {
  const counted = ["io_setup", "io_submit", "io_uring_setup", "inotify_init1", "inotify_add_watch", "fanotify_init"];
  for (const call of [...counted, "mq_open", "clone3", "userfaultfd"]) assertEquals([call, answerTo(call)], [call, 38]);
  for (const call of ["keyctl", "add_key", "bpf", "mount", "unshare", "setns", "perf_event_open"]) {
    assertEquals([call, answerTo(call)], [call, 1]);
  }
});

Deno.test("seccompProfile() allows all commands for files but leases and notifications, whatever the upper bits", () => {
  const commands = Array.from({ length: 1_039 }, (_, command) => BigInt(command));
  const refused = commands.filter((command) => answerTo("fcntl", [3n, command]) !== 0);
  assertEquals(refused, [1024n, 1026n]);
  assertEquals([1024n, 1026n].map((command) => answerTo("fcntl", [3n, command | HIGH_BITS])), [1, 1]);
});

Deno.test("seccompProfile() allows processes, threads and the usual sockets, and no namespace", () => {
  for (const flags of [0x0120_0011n, 0x003d_0f00n, 0n]) assertEquals(answerTo("clone", [flags]), 0);
  for (const flags of [0x1000_0000n, 0x2_0011n, 0x4000_0000n | HIGH_BITS]) assertEquals(answerTo("clone", [flags]), 1);
  assertEquals([1n, 2n, 10n, 16n].map((family) => answerTo("socket", [family])), [0, 0, 0, 0]);
  assertEquals([38n, 40n, 44n].map((family) => answerTo("socket", [family])), [1, 1, 1]); // AF_ALG, AF_VSOCK, AF_XDP
  for (const call of ["memfd_create", "shmget", "ptrace", "futex", "execve"]) {
    assertEquals([call, answerTo(call)], [call, 0]);
  }
});
