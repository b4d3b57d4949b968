import {
  ALLOWED,
  type CallRange,
  encodeProgram,
  ENOSYS,
  EPERM,
  failWith,
  ifAnyBit,
  type Instruction,
  load,
  searchRange,
} from "../../sandbox/seccomp/bpf.ts";
import { callNumbers, type KnownArchitecture } from "../../sandbox/seccomp/system_call_numbers.ts";

/** CLONE_THREAD: a task of the same process. */
const CLONE_THREAD = 0x0001_0000;
/** PROT_EXEC: memory whose bytes run as machine code. */
const PROT_EXEC = 4;
/** The calls that map memory or change its protection, which is their third argument. */
const MAPPING = ["mmap", "mprotect", "pkey_mprotect"];

/**
 * The calls of V8, the allocator and threads once everything is loaded. They open, start, connect and rename nothing.
 */
const NEEDED = [
  ...["read", "write", "readv", "writev", "close", "fstat", "newfstatat", "lseek", "poll", "ppoll", "fcntl"],
  ...["mmap", "munmap", "mprotect", "mremap", "madvise", "brk", "mincore", "pkey_alloc", "pkey_mprotect"],
  ...["futex", "set_robust_list", "rseq", "membarrier", "sched_yield", "sched_getaffinity", "getcpu"],
  ...["clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "restart_syscall"],
  ...["rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "tgkill", "getpid", "gettid"],
  ...["epoll_wait", "epoll_pwait", "eventfd2", "getrusage", "getrandom", "prctl", "exit", "exit_group"],
];

/**
 * A seccomp filter for a process that has loaded everything. It allows a fifth of the calls that programs have
 * elsewhere, and threads. Everything else fails with EPERM, or is absent where libraries have another way.
 *
 * @param options.isJitless whether new memory may not be executed either, as no machine code is made
 */
export function lockFilter(
  machine: KnownArchitecture,
  { isJitless = false }: { readonly isJitless?: boolean } = {},
): Uint8Array<ArrayBuffer> {
  const { absent, named, newest } = callNumbers(machine);
  const allow: readonly Instruction[] = [ALLOWED];
  const refuse: readonly Instruction[] = [failWith(EPERM)];
  const missing: readonly Instruction[] = [failWith(ENOSYS)];
  const clone: readonly Instruction[] = [load("argument0"), ...ifAnyBit(CLONE_THREAD, allow), ...refuse];
  const map: readonly Instruction[] = [load("argument2"), ...ifAnyBit(PROT_EXEC, refuse), ...allow];
  const numbers = new Set(NEEDED.map((call) => named.get(call)));
  const mapping = new Set(isJitless ? MAPPING.map((call) => named.get(call)) : []);
  const then = (call: number) => {
    if (call === named.get("clone")) return clone;
    if (mapping.has(call)) return map;
    if (absent.includes(call) || call > newest) return missing;
    return numbers.has(call) ? allow : refuse;
  };
  const ranges: CallRange[] = Array.from({ length: newest + 2 }, (_, call) => ({ from: call, then: then(call) }));
  return encodeProgram([
    load("call"),
    ...searchRange(ranges.filter(({ then }, index) => then !== ranges[index - 1]?.then)),
  ]);
}
