/**
 * Encodes the few instructions of classic BPF that a seccomp filter takes. Sources: linux/filter.h, linux/seccomp.h,
 * seccomp(2).
 */

const LOAD_WORD = 0x20; // BPF_LD | BPF_W | BPF_ABS
const JUMP = 0x05; // BPF_JMP | BPF_JA
const IF_EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const IF_AT_LEAST = 0x35; // BPF_JMP | BPF_JGE | BPF_K
const IF_ANY_BIT = 0x45; // BPF_JMP | BPF_JSET | BPF_K
const RETURN = 0x06; // BPF_RET | BPF_K

/** Most instructions that a conditional jump can skip. */
const LONGEST_JUMP = 255;

/**
 * Offsets of fields of `struct seccomp_data`. An argument is read as its lower 32 bits; the kernel reads no others of
 * an `int`.
 */
const OFFSETS = { call: 0, architecture: 4, argument0: 16, argument1: 24, argument2: 32 } as const;

/** Code, jump if true, jump if false, operand. */
export type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, operand: number];

/** Instructions for the calls from one number on, until the next range begins. */
export interface CallRange {
  readonly from: number;
  readonly then: readonly Instruction[];
}

export function load(field: keyof typeof OFFSETS): Instruction {
  return [LOAD_WORD, 0, 0, OFFSETS[field]];
}

export function answer(value: number): Instruction {
  return [RETURN, 0, 0, value];
}

/** The answer that lets a call through: SECCOMP_RET_ALLOW. */
export const ALLOWED = answer(0x7fff_0000);
/** Error numbers of {@link failWith}. */
export const [EPERM, ENOSYS] = [1, 38];

/** The answer that makes a call fail: SECCOMP_RET_ERRNO. */
export function failWith(errno: number): Instruction {
  return answer(0x0005_0000 | errno);
}

/** Instructions that run when the loaded word equals a value, and are skipped otherwise. */
export function ifEqual(value: number, then: readonly Instruction[]): Instruction[] {
  return [[IF_EQUAL, 0, then.length, value], ...then];
}

/** Instructions that run unless the loaded word equals a value. */
export function unlessEqual(value: number, then: readonly Instruction[]): Instruction[] {
  return [[IF_EQUAL, then.length, 0, value], ...then];
}

/** Instructions that run when the loaded word is at least a value. Otherwise they are skipped. */
export function ifAtLeast(value: number, then: readonly Instruction[]): Instruction[] {
  return [[IF_AT_LEAST, 0, then.length, value], ...then];
}

/** Instructions that run when the loaded word has any of some bits. Otherwise they are skipped. */
export function ifAnyBit(bits: number, then: readonly Instruction[]): Instruction[] {
  return [[IF_ANY_BIT, 0, then.length, bits], ...then];
}

/**
 * Searches the range of the loaded word, in binary steps. The word is no less than the beginning of the first range.
 * Each range ends with an answer.
 */
export function searchRange(ranges: readonly CallRange[]): readonly Instruction[] {
  const middle = ranges[Math.floor(ranges.length / 2)];
  if (ranges.length < 2 || middle === undefined) return ranges[0]?.then ?? [];
  const lower = searchRange(ranges.slice(0, ranges.indexOf(middle)));
  const upper = searchRange(ranges.slice(ranges.indexOf(middle)));
  const branch: Instruction[] = lower.length <= LONGEST_JUMP
    ? [[IF_AT_LEAST, lower.length, 0, middle.from]]
    : [[IF_AT_LEAST, 0, 1, middle.from], [JUMP, 0, 0, lower.length]];
  return [...branch, ...lower, ...upper];
}

/** Encodes a program for a kernel with little-endian words. */
export function encodeProgram(program: readonly Instruction[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(program.length * 8);
  const view = new DataView(bytes.buffer);
  program.forEach(([code, ifTrue, ifFalse, operand], index) => {
    if (Math.max(ifTrue, ifFalse) > LONGEST_JUMP) {
      throw new RangeError(`Cannot encode a jump at ${index}: it is too long`);
    }
    view.setUint16(index * 8, code, true);
    view.setUint8(index * 8 + 2, ifTrue);
    view.setUint8(index * 8 + 3, ifFalse);
    view.setUint32(index * 8 + 4, operand, true);
  });
  return bytes;
}
