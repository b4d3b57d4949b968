/** A program of a few bytes that needs nothing of the machine it runs on, for x86-64. */
export type TinyProgram = "exits" | "hangs" | "crashes" | "talks";

/** What the one that talks says on stderr, before it exits with 0. */
export const TALK = "garbage";

const PAUSE = 34;
const EXIT = 60;
const WRITE = 1;
const SYSCALL = [0x0f, 0x05];

/** Where the kernel loads it, and where its code begins behind the two headers. */
const BASE = 0x40_0000n;
const HEADERS_BYTES = 64 + 56;

const CODE: Readonly<Record<TinyProgram, readonly number[]>> = {
  exits: [0xbf, ...word(3), 0xb8, ...word(EXIT), ...SYSCALL],
  hangs: [0xb8, ...word(PAUSE), ...SYSCALL, 0xeb, 0xf7],
  crashes: [0x31, 0xc0, 0x89, 0x00], // Writes to address 0.
  talks: [
    ...[0xbf, ...word(2)],
    ...[0x48, 0x8d, 0x35, ...word(21)], // The text, 21 bytes behind this instruction.
    ...[0xba, ...word(TALK.length), 0xb8, ...word(WRITE), ...SYSCALL],
    ...[0x31, 0xff, 0xb8, ...word(EXIT), ...SYSCALL],
    ...new TextEncoder().encode(TALK),
  ],
};

/** Writes it as an executable file: elf(5), with one segment. */
export async function writeTinyProgram(path: string, program: TinyProgram): Promise<void> {
  const code = CODE[program];
  const file = new Uint8Array(HEADERS_BYTES + code.length);
  const view = new DataView(file.buffer);
  const put16 = (at: number, value: number) => view.setUint16(at, value, true);
  const put32 = (at: number, value: number) => view.setUint32(at, value, true);
  const put64 = (at: number, value: bigint) => view.setBigUint64(at, value, true);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // "\x7fELF", 64 bits, little-endian, version 1.
  put16(16, 2); // An executable,
  put16(18, 62); // for x86-64.
  put32(20, 1);
  put64(24, BASE + BigInt(HEADERS_BYTES));
  put64(32, 64n); // Where the program header is.
  put16(52, 64);
  put16(54, 56);
  put16(56, 1);
  put32(64, 1); // To be loaded,
  put32(68, 5); // to be read and executed.
  put64(80, BASE);
  put64(88, BASE);
  put64(96, BigInt(file.length));
  put64(104, BigInt(file.length));
  put64(112, 0x1000n);
  file.set(code, HEADERS_BYTES);
  await Deno.writeFile(path, file);
  await Deno.chmod(path, 0o755);
}

function word(value: number): number[] {
  return [value & 0xff, value >> 8 & 0xff, value >> 16 & 0xff, value >> 24 & 0xff];
}
