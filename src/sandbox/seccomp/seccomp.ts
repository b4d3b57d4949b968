import {
  ALLOWED,
  answer,
  type CallRange,
  encodeProgram,
  ENOSYS,
  EPERM,
  failWith,
  ifAnyBit,
  ifAtLeast,
  ifEqual,
  type Instruction,
  load,
  searchRange,
  unlessEqual,
} from "./bpf.ts";
import { callNumbers, type KnownArchitecture } from "./system_call_numbers.ts";

const KILL_PROCESS = 0x8000_0000;
const EAFNOSUPPORT = 97;

/** AUDIT_ARCH_X86_64 and AUDIT_ARCH_AARCH64. */
const ARCHITECTURES: Readonly<Record<KnownArchitecture, number>> = { x86_64: 0xc000_003e, aarch64: 0xc000_00b7 };

const X32_CALLS = 0x4000_0000;
const AF_UNIX = 1;
/**
 * Types of sockets that have one peer: SOCK_STREAM and SOCK_SEQPACKET. Each comes with any of SOCK_NONBLOCK and
 * SOCK_CLOEXEC. A datagram socket can send to any address.
 */
const CONNECTED_TYPES = [1, 5].flatMap((type) => [0, 0x800, 0x8_0000, 0x8_0800].map((flags) => type | flags));
const AF_INET = 2;
const AF_NETLINK = 16;
/** CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET. */
const NEW_NAMESPACE = 0x7e02_0000;
const CLONE_PARENT = 0x8000;
/** SECCOMP_SET_MODE_FILTER, and SECCOMP_FILTER_FLAG_TSYNC alone. */
const SET_MODE_FILTER = 1;
const FLAG_TSYNC = 1;
/** PER_LINUX, the usual personality, and the query for the current one. */
const PERSONALITIES = [0, 0xffff_ffff];
/** TIOCSTI, TIOCLINUX and TIOCSETD, which write into a terminal or change it. */
const TERMINAL_COMMANDS = [0x5412, 0x541c, 0x5423];

const THIS_MACHINE = Deno.build.os === "linux" ? Deno.build.arch : "";

/** The architectures for which a filter can be built, as Deno names them. */
export const FILTERED_ARCHITECTURES: readonly string[] = Object.keys(ARCHITECTURES);

/** F_SETLEASE makes other openers of a file wait; F_NOTIFY shows when a directory is used. */
const FILE_WATCHES = [1024, 1026];

/**
 * Calls that a program in the namespaces of this machine may not make. By these it would leave its process group, with
 * which it is ended, or keep objects in the kernel that outlive it.
 */
const REFUSED_WHEN_SHARED = [
  ...["setpgid", "setsid"],
  ...["semget", "semop", "semtimedop", "semctl", "msgget", "msgsnd", "msgrcv", "msgctl"],
];

/** The properties of a program that its filter depends on. */
export interface SeccompSettings {
  readonly hasNetwork: boolean;
  /** Whether the program may start others without namespaces of its own; absent, it may not. */
  readonly sharesNamespaces?: boolean;
  /** The architecture as Deno names it, on Linux; absent, this machine's. */
  readonly machine?: string;
}

/**
 * Builds a seccomp filter (seccomp(2)) for a program and everything that it starts. The filter is an allow list of
 * system calls. Undefined for an architecture that is not in the tables.
 *
 * - A call that is not on the list fails with EPERM. Among these are namespaces, mounts, other processes' memory, keys,
 * kernel modules, and tracing.
 * - A call that is newer than the list, or for which libraries have another way, fails with ENOSYS. Among these are
 * AIO and io_uring, whose counters are those of the whole machine, and watches on files.
 * - A file gets no lease and no notification of its directory.
 * - A socket has one of two families with network: IPv4, and netlink, which the resolver uses. Without network a socket
 * has none (EAFNOSUPPORT). IPv6 has private networks that Deno cannot keep out one by one, and no file permission
 * guards Unix's abstract names.
 * - A program that shares the namespaces of this machine leads no process group or session, makes no process that is
 * its parent's child, and has no semaphores and queues of System V, and no pair of datagram sockets.
 * - A program may deny itself more calls in all of its threads at once, and use seccomp(2) for nothing else.
 * - A call of another architecture, or of x32 on x86-64, kills the process, since its numbers mean other calls.
 */
export function seccompFilter(
  { machine = THIS_MACHINE, ...settings }: SeccompSettings,
): Uint8Array<ArrayBuffer> | undefined {
  if (!isKnown(machine)) return undefined;
  return encodeProgram([
    load("architecture"),
    ...unlessEqual(ARCHITECTURES[machine], [answer(KILL_PROCESS)]),
    load("call"),
    ...ifAtLeast(X32_CALLS, [answer(KILL_PROCESS)]),
    ...searchRange(rangesOf(machine, settings)),
  ]);
}

function isKnown(machine: string): machine is KnownArchitecture {
  return machine in ARCHITECTURES;
}

const ALLOW = [ALLOWED];
const REFUSE = [failWith(EPERM)];
const ABSENT = [failWith(ENOSYS)];
const REFUSE_FAMILY = [failWith(EAFNOSUPPORT)];

/** Ranges of call numbers with the same verdict. */
function rangesOf(
  machine: KnownArchitecture,
  { hasNetwork, sharesNamespaces = false }: Omit<SeccompSettings, "machine">,
): CallRange[] {
  const { absent, allowed, allowedWithNetwork, named, newest } = callNumbers(machine);
  const numberOf = (call: string) => named.get(call) ?? -1;
  const refusedFlags = NEW_NAMESPACE | (sharesNamespaces ? CLONE_PARENT : 0);
  const verdicts = new Map<number, readonly Instruction[]>([
    ...[...allowed, ...(hasNetwork ? allowedWithNetwork : [])].map((call) => [call, ALLOW] as const),
    ...absent.map((call) => [call, ABSENT] as const),
    [newest + 1, ABSENT],
    ...(sharesNamespaces ? REFUSED_WHEN_SHARED : []).map((call) => [numberOf(call), REFUSE] as const),
    [numberOf("clone"), [load("argument0"), ...ifAnyBit(refusedFlags, REFUSE), ...ALLOW]],
    [numberOf("socket"), onlyOf("argument0", hasNetwork ? [AF_INET, AF_NETLINK] : [], REFUSE_FAMILY)],
    [numberOf("socketpair"), [
      load("argument0"),
      ...unlessEqual(AF_UNIX, REFUSE_FAMILY),
      ...(sharesNamespaces ? onlyOf("argument1", CONNECTED_TYPES, REFUSE) : ALLOW),
    ]],
    [numberOf("seccomp"), [
      load("argument0"),
      ...unlessEqual(SET_MODE_FILTER, REFUSE),
      ...onlyOf("argument1", [FLAG_TSYNC], REFUSE),
    ]],
    [numberOf("personality"), onlyOf("argument0", PERSONALITIES, REFUSE)],
    [numberOf("ioctl"), allBut(TERMINAL_COMMANDS)],
    [numberOf("fcntl"), allBut(FILE_WATCHES)],
  ]);
  return Array.from({ length: newest + 2 }, (_, call) => ({ from: call, then: verdicts.get(call) ?? REFUSE })).filter(
    ({ then }, index, all) => then !== all[index - 1]?.then,
  );
}

/** Allows a call unless its second argument is one of these commands. */
function allBut(commands: readonly number[]): readonly Instruction[] {
  return [load("argument1"), ...commands.flatMap((command) => ifEqual(command, REFUSE)), ...ALLOW];
}

/** Allows a call with some values of an argument only. */
function onlyOf(
  argument: "argument0" | "argument1",
  values: readonly number[],
  otherwise: readonly Instruction[],
): readonly Instruction[] {
  return [load(argument), ...values.flatMap((value) => ifEqual(value, ALLOW)), ...otherwise];
}
