/**
 * A seccomp filter (classic BPF, seccomp(2)) that lets a process make sockets of two families only: IPv4, and netlink,
 * which the resolver uses. Among the others are IPv6, whose private networks Deno cannot keep out one by one, and Unix, whose
 * abstract names no file permission guards. `socket(2)` of any other family fails with EAFNOSUPPORT, as on a machine without it.
 * io_uring, which makes sockets without a call of that name, is not there either. A call of another architecture, or of x32
 * on x86-64, kills the process, since its numbers mean something else.
 *
 * Sources: linux/filter.h, linux/seccomp.h, linux/audit.h, asm/unistd_64.h, seccomp(2) on x32.
 */

const LOAD_WORD = 0x20; // BPF_LD | BPF_W | BPF_ABS
const JUMP_IF_EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const JUMP_IF_AT_LEAST = 0x35; // BPF_JMP | BPF_JGE | BPF_K
const RETURN = 0x06; // BPF_RET | BPF_K

const OFFSET_OF_CALL = 0;
const OFFSET_OF_ARCHITECTURE = 4;
const OFFSET_OF_FIRST_ARGUMENT = 16;

const KILL_PROCESS = 0x8000_0000;
const ALLOW = 0x7fff_0000;
const FAIL_EAFNOSUPPORT = 0x0005_0000 | 97;
const FAIL_ENOSYS = 0x0005_0000 | 38;

const X32_CALLS = 0x4000_0000;
/** The same number on every architecture. */
const IO_URING_SETUP = 425;

const AF_INET = 2;
const AF_NETLINK = 16;

const ARCHITECTURES: Readonly<Record<string, { readonly audit: number; readonly socketCall: number }>> = {
  x86_64: { audit: 0xc000_003e, socketCall: 41 },
  aarch64: { audit: 0xc000_00b7, socketCall: 198 },
};

/** code, jump if true, jump if false, operand */
type Instruction = readonly [number, number, number, number];

/** The filter for this machine, or undefined where its architecture is not known here. */
export const IPV4_ONLY_FILTER: Uint8Array | undefined = buildFilter(Deno.build.os === "linux" ? Deno.build.arch : "");

function buildFilter(arch: string): Uint8Array | undefined {
  const architecture = ARCHITECTURES[arch];
  if (architecture === undefined) return undefined;
  return encode([
    [LOAD_WORD, 0, 0, OFFSET_OF_ARCHITECTURE],
    [JUMP_IF_EQUAL, 1, 0, architecture.audit],
    [RETURN, 0, 0, KILL_PROCESS],
    [LOAD_WORD, 0, 0, OFFSET_OF_CALL],
    [JUMP_IF_AT_LEAST, 8, 0, X32_CALLS],
    [JUMP_IF_EQUAL, 6, 0, IO_URING_SETUP],
    [JUMP_IF_EQUAL, 0, 3, architecture.socketCall],
    [LOAD_WORD, 0, 0, OFFSET_OF_FIRST_ARGUMENT],
    [JUMP_IF_EQUAL, 1, 0, AF_INET],
    [JUMP_IF_EQUAL, 0, 1, AF_NETLINK],
    [RETURN, 0, 0, ALLOW],
    [RETURN, 0, 0, FAIL_EAFNOSUPPORT],
    [RETURN, 0, 0, FAIL_ENOSYS],
    [RETURN, 0, 0, KILL_PROCESS],
  ]);
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
