/** The few parts of WebAssembly that a module of the self-test takes. Source: the core specification, chapter 5. */

const encoder = new TextEncoder();
const PREAMBLE = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const NAMESPACE = "wasi_snapshot_preview1";
const [FUNCTION_TYPE, FUNCTION, MEMORY, EMPTY_BLOCK] = [0x60, 0x00, 0x02, 0x40];
const TYPES = { i32: 0x7f, i64: 0x7e } as const;

/** The parameters of a function of WASI, which returns an error number. */
export type Parameters = readonly (keyof typeof TYPES)[];

/** A part of a function's body. */
export type Code = readonly number[];

/** A module: its code and its memory. The code calls functions by their place among the imports. */
export interface Assembly {
  readonly imports: Readonly<Record<string, Parameters>>;
  /** Texts in memory, by their addresses. */
  readonly data: Readonly<Record<number, string>>;
  readonly code: Code;
}

/** A command of WASI preview 1 with a memory of three pages and no locals. */
export function assemble({ code, data, imports }: Assembly): Uint8Array<ArrayBuffer> {
  const types = Object.values(imports).map((parameters) => [
    FUNCTION_TYPE,
    ...vector(parameters.map((type) => [TYPES[type]])),
    ...vector([[TYPES.i32]]),
  ]);
  const start = types.length;
  const body = [...vector([]), ...code, 0x0b];
  return new Uint8Array([
    ...PREAMBLE,
    ...section(1, [...types, [FUNCTION_TYPE, 0, 0]]),
    ...section(
      2,
      Object.keys(imports).map((name, index) => [...text(NAMESPACE), ...text(name), FUNCTION, ...unsigned(index)]),
    ),
    ...section(3, [unsigned(start)]),
    ...section(5, [[0, 3]]),
    ...section(7, [[...text("_start"), FUNCTION, ...unsigned(start)], [...text("memory"), MEMORY, 0]]),
    ...section(10, [[...unsigned(body.length), ...body]]),
    ...section(
      11,
      Object.entries(data).map(([address, content]) => [0, ...number(Number(address)), 0x0b, ...text(content)]),
    ),
  ]);
}

/** A number on the stack. */
export function number(value: number): Code {
  return [0x41, ...signed(value)];
}

/** A number of 64 bits on the stack. */
export function longNumber(value: number): Code {
  return [0x42, ...signed(value)];
}

/** The number at an address, on the stack. */
export function load(address: number): Code {
  return [...number(address), 0x28, 2, 0];
}

/** Puts a number to an address. */
export function store(address: number, value: Code): Code {
  return [...number(address), ...value, 0x36, 2, 0];
}

/** Calls an import, and ignores its error number. */
export function call(index: number, ...args: readonly Code[]): Code {
  return [...args.flat(), 0x10, ...unsigned(index), 0x1a];
}

/** Takes memory, ten pages at a time, until there is no more. It writes to the memory. */
export function takeMemory(): Code {
  const grown = [...number(10), 0x40, 0]; // The pages before, or -1.
  const place = [0x3f, 0, ...number(10), 0x6b, ...number(65_536), 0x6c]; // Where the new pages begin.
  const fill = [...place, ...number(1), ...number(10 * 65_536), 0xfc, 0x0b, 0];
  const untilRefused = [...grown, ...number(-1), 0x46, 0x0d, 1]; // Leaves the block around the loop.
  return [0x02, EMPTY_BLOCK, 0x03, EMPTY_BLOCK, ...untilRefused, ...fill, 0x0c, 0, 0x0b, 0x0b];
}

function section(id: number, items: readonly (readonly number[])[]): number[] {
  const content = vector(items);
  return [id, ...unsigned(content.length), ...content];
}

function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function text(value: string): number[] {
  const bytes = encoder.encode(value);
  return [...unsigned(bytes.length), ...bytes];
}

/** LEB128 without a sign. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [value % 0x80 | 0x80, ...unsigned(Math.floor(value / 0x80))];
}

/** LEB128 with a sign, of a number of 32 bits. */
function signed(value: number): number[] {
  const [low, rest] = [value & 0x7f, value >> 7];
  const isLast = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
  return isLast ? [low] : [low | 0x80, ...signed(rest)];
}
