import { MAX_DISPLAYS } from "../../core/answers/vocabulary.ts";
import type { EventPosition } from "../../engine/port.ts";

const DISPLAYS = BigInt(MAX_DISPLAYS + 1);

/** The content of an event's id. */
export interface EventMark {
  readonly position: EventPosition;
  /** Whether it is the last event. */
  readonly isEnd: boolean;
}

/**
 * Encodes a position as a decimal integer that grows with each of its parts. So an id denotes the same position while
 * the program runs and afterwards. Cantor's pairing function numbers the lengths of the two streams; the number stays
 * below 2^53 for 64 MiB of output, and for 2 MiB with displays. The remainder by 4 encodes whether there are displays,
 * and whether it is the end.
 */
export function encodeEventId({ position: { stdout, stderr, displays }, isEnd }: EventMark): string {
  const sum = BigInt(stdout + stderr);
  const pair = triangle(sum) + BigInt(stderr);
  const kind = (displays === 0 ? 1n : 2n) + (isEnd ? 2n : 0n);
  const number = displays === 0 ? pair : pair * DISPLAYS + BigInt(displays);
  return String(4n * number + kind);
}

/** Decodes an id of {@link encodeEventId}; undefined for 0, the position before the first event. */
export function decodeEventId(id: bigint): EventMark | undefined {
  if (id < 1n) return undefined;
  const kind = (id - 1n) % 4n;
  const hasDisplays = kind % 2n === 1n;
  const number = (id - 1n) / 4n;
  const { sum, rest } = untriangle(hasDisplays ? number / DISPLAYS : number);
  return {
    position: {
      stdout: Number(sum - rest),
      stderr: Number(rest),
      displays: hasDisplays ? Number(number % DISPLAYS) : 0,
    },
    isEnd: kind >= 2n,
  };
}

function triangle(sum: bigint): bigint {
  return sum * (sum + 1n) / 2n;
}

/** Finds the greatest sum whose triangle is not above a number, and the remainder. */
function untriangle(number: bigint): { readonly sum: bigint; readonly rest: bigint } {
  let sum = BigInt(Math.floor((Math.sqrt(8 * Number(number) + 1) - 1) / 2));
  while (triangle(sum) > number) sum--; // The square root of a large number is rounded.
  while (triangle(sum + 1n) <= number) sum++;
  return { sum, rest: number - triangle(sum) };
}
