import { ABSENT_CALLS, ALLOWED_CALLS } from "../../../sandbox/seccomp/system_call_numbers.ts";

const ALLOW = "SCMP_ACT_ALLOW";
const FAIL = "SCMP_ACT_ERRNO";
const [EPERM, ENOSYS] = [1, 38];

/**
 * Calls that a program may make in a container beside those of a process. The container's control group counts the
 * memory of memfd, its namespaces keep shared memory and other processes apart, and debuggers trace their own children.
 */
const OF_CONTAINERS = [
  ...["memfd_create", "shmget", "shmat", "shmctl", "shmdt"],
  ...["ptrace", "process_vm_readv", "process_vm_writev", "process_mrelease"],
  ...["ioprio_set", "remap_file_pages", "vmsplice", "modify_ldt", "fadvise64_64", "sync_file_range2"],
];
/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET. */
const FAMILIES = [1, 2, 10, 16, 17];
/** PER_LINUX, PER_LINUX32, both with UNAME26, and the query for the current one. */
const PERSONALITIES = [0, 8, 0x2_0000, 0x2_0008, 0xffff_ffff];
/** CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET. */
const NEW_NAMESPACE = 0x7e02_0000;
const ANY_BIT = 0xffff_ffff;
/**
 * Allowed commands of fcntl(2), as masks and values. F_SETLEASE (1024) and F_NOTIFY (1026) are left out. The kernel
 * reads the lower 32 bits, so that a comparison of all 64 would let both through.
 */
const FILE_COMMANDS = [
  [0xffff_fc00, 0],
  [ANY_BIT, 1025],
  [ANY_BIT, 1027],
  [0xffff_fffc, 1028],
  [0xffff_fff8, 1032],
] as const;

/**
 * The seccomp profile of containers, as the Engine takes it: https://docs.docker.com/engine/security/seccomp/.
 *
 * The Engine's own profile lets a program use up what the kernel counts for the whole machine or for the one user that
 * all containers have: contexts of AIO, watches on files, queues of POSIX. A container has no capability, so no rule
 * depends on one. Programs of other architectures than the Engine's are killed.
 */
export function seccompProfile(): string {
  const isExtra = (call: string) => OF_CONTAINERS.includes(call);
  return JSON.stringify({
    defaultAction: FAIL,
    defaultErrnoRet: EPERM,
    archMap: ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"].map((architecture) => ({ architecture, subArchitectures: [] })),
    syscalls: [
      { names: [...ALLOWED_CALLS, ...OF_CONTAINERS, "ioctl", "seccomp", "socketpair"], action: ALLOW },
      { names: ABSENT_CALLS.filter((call) => !isExtra(call)), action: FAIL, errnoRet: ENOSYS },
      masked("clone", [NEW_NAMESPACE, 0]),
      ...FAMILIES.map((family) => masked("socket", [ANY_BIT, family])),
      ...PERSONALITIES.map((personality) => masked("personality", [ANY_BIT, personality])),
      ...FILE_COMMANDS.map((command) => masked("fcntl", command, 1)),
    ],
  });
}

/** Allows a call where an argument has a value in the bits of a mask. */
function masked(call: string, [mask, value]: readonly [number, number], index = 0): Record<string, unknown> {
  return { names: [call], action: ALLOW, args: [{ index, value: mask, valueTwo: value, op: "SCMP_CMP_MASKED_EQ" }] };
}
