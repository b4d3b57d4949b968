import { assert, assertEquals } from "@std/assert";
import { IPV4_ONLY_FILTER } from "../../src/system/seccomp.ts";

/** As the kernel's headers state them: linux/audit.h, asm/unistd_64.h and asm-generic/unistd.h. */
const MACHINES: Readonly<Record<string, Machine>> = {
  x86_64: { architecture: 0xc000_003e, socket: 41, foreign: [0x4000_0003, 0xc000_00b7, 0] },
  aarch64: { architecture: 0xc000_00b7, socket: 198, foreign: [0x4000_0028, 0xc000_003e, 0] },
};

interface Machine {
  readonly architecture: number;
  readonly socket: number;
  /** Other architectures; the first is the 32-bit one that a kernel of this machine may run too. */
  readonly foreign: readonly number[];
}

/** What the kernel hands a filter: the first fields of `struct seccomp_data`. */
interface Call {
  readonly number: number;
  readonly architecture: number;
  readonly firstArgument: bigint;
}

const MACHINE = Deno.build.os === "linux" ? MACHINES[Deno.build.arch] : undefined;

const ALLOW = 0x7fff_0000;
const KILL_PROCESS = 0x8000_0000;
const FAIL = 0x0005_0000;
const EAFNOSUPPORT = 97;
const ENOSYS = 38;
const IO_URING_SETUP = 425;

/** Runs a classic-BPF program of the four instructions that the filter needs; any other is a fault, as is leaving it. */
function interpret(program: Uint8Array, call: Call): number {
  const code = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, call.number, true);
  data.setUint32(4, call.architecture, true);
  data.setBigUint64(16, call.firstArgument, true);
  let accumulator = 0;
  for (let at = 0; at < program.byteLength; at += 8) {
    const operand = code.getUint32(at + 4, true);
    switch (code.getUint16(at, true)) {
      case 0x20: // LD abs
        accumulator = data.getUint32(operand, true);
        break;
      case 0x15: // JEQ
        at += 8 * code.getUint8(at + (accumulator === operand ? 2 : 3));
        break;
      case 0x35: // JGE
        at += 8 * code.getUint8(at + (accumulator >= operand ? 2 : 3));
        break;
      case 0x06: // RET
        return operand;
      default:
        throw new Error(`instruction ${at / 8} is not known`);
    }
  }
  throw new Error("the program runs past its end");
}

/** What the filter of this machine answers to a call of this machine, unless told otherwise. */
function answer(call: { number: number; architecture?: number; firstArgument?: number | bigint }): number {
  assert(MACHINE !== undefined && IPV4_ONLY_FILTER !== undefined);
  const { number, architecture = MACHINE.architecture, firstArgument = 0 } = call;
  return interpret(IPV4_ONLY_FILTER, { number, architecture, firstArgument: BigInt(firstArgument) });
}

const known = { ignore: MACHINE === undefined };

Deno.test("IPV4_ONLY_FILTER is whole instructions, or absent where the machine is not known", () => {
  assertEquals(IPV4_ONLY_FILTER === undefined, MACHINE === undefined);
  assertEquals((IPV4_ONLY_FILTER?.length ?? 0) % 8, 0);
});

Deno.test({
  ...known,
  name: "IPV4_ONLY_FILTER allows sockets of IPv4 and netlink",
  fn() {
    const number = MACHINE?.socket ?? 0;
    for (const [family, firstArgument] of Object.entries({ AF_INET: 2, AF_NETLINK: 16 })) {
      assertEquals([family, answer({ number, firstArgument })], [family, ALLOW]);
    }
  },
});

Deno.test({
  ...known,
  name: "IPV4_ONLY_FILTER fails sockets of every other family with EAFNOSUPPORT",
  fn() {
    const number = MACHINE?.socket ?? 0;
    const named = { AF_UNSPEC: 0, AF_UNIX: 1, AF_INET6: 10, AF_PACKET: 17, AF_VSOCK: 40 };
    for (const [family, firstArgument] of Object.entries(named)) {
      assertEquals([family, answer({ number, firstArgument })], [family, FAIL | EAFNOSUPPORT]);
    }
    for (let family = 0; family < 64; family++) {
      const expected = [2, 16].includes(family) ? ALLOW : FAIL | EAFNOSUPPORT;
      assertEquals([family, answer({ number, firstArgument: family })], [family, expected]);
    }
  },
});

Deno.test({
  ...known,
  name: "IPV4_ONLY_FILTER takes a family for the 32 bits that the kernel takes it for",
  fn() {
    const number = MACHINE?.socket ?? 0;
    const high = 0x0000_0002_0000_0000n;
    assertEquals(answer({ number, firstArgument: high | 1n }), FAIL | EAFNOSUPPORT);
    assertEquals(answer({ number, firstArgument: high | 2n }), ALLOW);
  },
});

Deno.test({
  ...known,
  name: "IPV4_ONLY_FILTER allows any other call, whatever its argument",
  fn() {
    const socket = MACHINE?.socket ?? 0;
    for (let number = 0; number < 512; number++) {
      if (number === socket || number === IO_URING_SETUP) continue;
      for (const firstArgument of [0, 1, 10, socket]) {
        assertEquals([number, answer({ number, firstArgument })], [number, ALLOW]);
      }
    }
  },
});

Deno.test({
  ...known,
  name: "IPV4_ONLY_FILTER kills a call of another architecture, whatever its number",
  fn() {
    for (const architecture of MACHINE?.foreign ?? []) {
      for (const number of [0, 1, 102, 359, MACHINE?.socket ?? 0]) {
        assertEquals([architecture, answer({ number, architecture, firstArgument: 2 })], [architecture, KILL_PROCESS]);
      }
    }
  },
});

Deno.test({
  ...known,
  name: "IPV4_ONLY_FILTER knows no io_uring, and kills calls of x32",
  fn() {
    assertEquals(answer({ number: IO_URING_SETUP }), FAIL | ENOSYS);
    for (const number of [0x4000_0000, 0x4000_0029, 0xffff_ffff]) assertEquals(answer({ number }), KILL_PROCESS);
  },
});
