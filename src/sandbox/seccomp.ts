/**
 * A seccomp filter (classic BPF, seccomp(2)) for a program and everything it starts, built here. What it refuses, a
 * program needs for nothing but reaching further than it is meant to:
 *
 * - sockets. With network there are two families: IPv4, and netlink, which the resolver uses. Among the others are
 *   IPv6, whose private networks Deno cannot keep out one by one, and Unix, whose abstract names no file permission
 *   guards. Without network there is none. `socket(2)` fails with EAFNOSUPPORT then, as on a machine without it.
 *   io_uring, which makes sockets without a call of that name, is not there either;
 * - namespaces, mounts, other processes' memory, keys, kernel modules, and what else is an administrator's (EPERM).
 *   clone3(2), whose arguments no filter can read, is not there: the C library then uses clone(2);
 * - memory that belongs to no process, and so is in nobody's count where no control group counts it: files without a
 *   name in memory, and System V's segments (ENOSYS).
 *
 * A call of another architecture, or of x32 on x86-64, kills the process, since its numbers mean something else.
 *
 * Sources: linux/filter.h, linux/seccomp.h, linux/audit.h, asm/unistd_64.h, asm-generic/unistd.h, clone(2), seccomp(2)
 * on x32.
 */

const LOAD_WORD = 0x20; // BPF_LD | BPF_W | BPF_ABS
const IF_EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const IF_AT_LEAST = 0x35; // BPF_JMP | BPF_JGE | BPF_K
const IF_ANY_BIT = 0x45; // BPF_JMP | BPF_JSET | BPF_K
const RETURN = 0x06; // BPF_RET | BPF_K

const OFFSET_OF_CALL = 0;
const OFFSET_OF_ARCHITECTURE = 4;
const OFFSET_OF_FIRST_ARGUMENT = 16;

const KILL_PROCESS = 0x8000_0000;
const ALLOW = 0x7fff_0000;
const FAIL = 0x0005_0000;
const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

const X32_CALLS = 0x4000_0000;
const AF_INET = 2;
const AF_NETLINK = 16;

/** CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET. */
const NEW_NAMESPACE = 0x7e02_0000;

/** The same numbers on every architecture. */
const IO_URING_SETUP = 425;
const CLONE3 = 435;
const MEMFD_SECRET = 447;
/** open_tree, move_mount, fsopen, fsconfig, fsmount, fspick, mount_setattr. */
const NEW_MOUNT_CALLS = [428, 429, 430, 431, 432, 433, 442];

interface Architecture {
  /** AUDIT_ARCH_… */
  readonly audit: number;
  readonly socket: number;
  readonly clone: number;
  /** memfd_create, shmget */
  readonly absent: readonly number[];
  /** What is an administrator's. */
  readonly refused: readonly number[];
}

const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  x86_64: {
    audit: 0xc000_003e,
    socket: 41,
    clone: 56,
    absent: [319, 29],
    // ptrace, syslog, pivot_root, chroot, acct, mount, umount2, swapon, swapoff, reboot, iopl, ioperm, init_module,
    // delete_module, quotactl, kexec_load, add_key, request_key, keyctl, unshare, perf_event_open, name_to_handle_at,
    // open_by_handle_at, setns, process_vm_readv, process_vm_writev, finit_module, kexec_file_load, bpf, userfaultfd
    refused: [101, 103, 155, 161, 163, 165, 166, 167, 168, 169, 172, 173, 175, 176, 179, 246, 248, 249, 250, 272]
      .concat([298, 303, 304, 308, 310, 311, 313, 320, 321, 323]),
  },
  aarch64: {
    audit: 0xc000_00b7,
    socket: 198,
    clone: 220,
    absent: [279, 194],
    // umount2, mount, pivot_root, chroot, quotactl, acct, unshare, kexec_load, init_module, delete_module, syslog, ptrace,
    // reboot, add_key, request_key, keyctl, swapon, swapoff, perf_event_open, name_to_handle_at, open_by_handle_at, setns,
    // process_vm_readv, process_vm_writev, finit_module, bpf, userfaultfd, kexec_file_load
    refused: [39, 40, 41, 51, 60, 89, 97, 104, 105, 106, 116, 117, 142, 217, 218, 219, 224, 225, 241, 264, 265, 268]
      .concat([270, 271, 273, 280, 282, 294]),
  },
};

/** The architectures for which a filter can be built, as Deno names them. */
export const FILTERED_ARCHITECTURES: readonly string[] = Object.keys(ARCHITECTURES);

/** code, jump if true, jump if false, operand */
type Instruction = readonly [number, number, number, number];

const THIS_MACHINE = Deno.build.os === "linux" ? Deno.build.arch : "";

/** What a filter is built for. */
export interface SeccompSettings {
  readonly hasNetwork: boolean;
  /** The architecture as Deno names it, on Linux; absent, this machine's. */
  readonly machine?: string;
}

/**
 * The bytes of a filter for a program with or without network, or undefined where the architecture is not known here.
 */
export function seccompFilter({ hasNetwork, machine = THIS_MACHINE }: SeccompSettings): Uint8Array | undefined {
  const architecture = ARCHITECTURES[machine];
  if (architecture === undefined) return undefined;
  const { absent, audit, clone, refused, socket } = architecture;
  return encode([
    [LOAD_WORD, 0, 0, OFFSET_OF_ARCHITECTURE],
    [IF_EQUAL, 1, 0, audit],
    [RETURN, 0, 0, KILL_PROCESS],
    [LOAD_WORD, 0, 0, OFFSET_OF_CALL],
    ...when(IF_AT_LEAST, X32_CALLS, [[RETURN, 0, 0, KILL_PROCESS]]),
    ...[IO_URING_SETUP, CLONE3, MEMFD_SECRET, ...absent].flatMap((call) =>
      when(IF_EQUAL, call, [[RETURN, 0, 0, FAIL | ENOSYS]])
    ),
    ...[...refused, ...NEW_MOUNT_CALLS].flatMap((call) => when(IF_EQUAL, call, [[RETURN, 0, 0, FAIL | EPERM]])),
    ...when(IF_EQUAL, clone, [
      [LOAD_WORD, 0, 0, OFFSET_OF_FIRST_ARGUMENT],
      ...when(IF_ANY_BIT, NEW_NAMESPACE, [[RETURN, 0, 0, FAIL | EPERM]]),
      [RETURN, 0, 0, ALLOW],
    ]),
    ...when(IF_EQUAL, socket, [
      [LOAD_WORD, 0, 0, OFFSET_OF_FIRST_ARGUMENT],
      ...(hasNetwork ? [AF_INET, AF_NETLINK] : [])
        .flatMap((family) => when(IF_EQUAL, family, [[RETURN, 0, 0, ALLOW]])),
      [RETURN, 0, 0, FAIL | EAFNOSUPPORT],
    ]),
    [RETURN, 0, 0, ALLOW],
  ]);
}

/** What is done when a comparison with the loaded word holds, and skipped when it does not. */
function when(comparison: number, operand: number, then: readonly Instruction[]): Instruction[] {
  return [[comparison, 0, then.length, operand], ...then];
}

function encode(program: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * 8);
  const view = new DataView(bytes.buffer);
  program.forEach(([code, ifTrue, ifFalse, operand], index) => {
    view.setUint16(index * 8, code, true);
    view.setUint8(index * 8 + 2, ifTrue);
    view.setUint8(index * 8 + 3, ifFalse);
    view.setUint32(index * 8 + 4, operand, true);
  });
  return bytes;
}
