import { MEBIBYTE } from "../../core/limits.ts";
import type { StartPath } from "../../core/selection.ts";

/** After so long a sample counts half as much, in ms. */
const HALF_LIFE_MS = 600_000;
/** The samples that the figures of one language and path are made of; the oldest are forgotten. */
const WINDOW = 128;
/** So many of them are enough to believe. */
export const ENOUGH_SAMPLES = 5;
/** So many of those need a memory figure: a program that ends before the first sample has none. */
const ENOUGH_PEAKS = 3;
/** Figures are made anew when more than this share of their samples is newer: sorting them costs as much as all else here. */
const NEWER_SHARE = 1 / 16;
/** The weight of the newest start in the share of warm starts. */
const NEWEST = 0.25;

/** The median and the tail of measurements, null without samples. */
export interface Percentiles {
  readonly p50: number | null;
  readonly p95: number | null;
}

/** Samples, and what they come to; a recent one counts more. */
interface Summary {
  readonly samples: number;
  readonly startupMs: Percentiles;
  readonly memoryMb: Percentiles;
}

/** The measurements of a runtime since the service started. */
export interface Measured extends Summary {
  /** Environments or programs that could not be started. */
  readonly failures: number;
  /** The same for each language and path that was taken, if any was; `samples` are those that count yet. */
  readonly paths?: readonly (Kind & Summary)[];
}

/** The key of figures: languages start in different times, and a warm start takes next to none. */
export interface Kind {
  readonly language: string;
  readonly path: StartPath;
}

/** What one execution showed of its runtime. */
export interface Sample extends Kind {
  readonly startupMs: number;
  readonly peakMemoryBytes: number | null;
}

/** The expected cost of a start, in whole ms and MB as declared capabilities are. */
export interface Figures {
  readonly path: StartPath;
  readonly startupMs: number;
  readonly memoryMb: number;
}

/** The facts of a request that decide which figures hold for it. */
export interface FiguresRequest {
  readonly language: string;
  /** Absent, the one that most starts in this language took of late. */
  readonly path?: StartPath | undefined;
  /** What the runtime declares of a near-empty program, in MB. */
  readonly memoryOverheadMb: number;
}

/** Start-up and memory of one runtime as its executions show them, per language and path. */
export class RuntimeProfile {
  readonly #now: () => number;
  readonly #kinds = new Map<string, KindProfile>();
  /** The share of warm starts by language. */
  readonly #warmShares = new Map<string, number>();
  #samples = 0;
  #failures = 0;

  /** @param now the clock by which samples grow old, in ms */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  record({ language, path, peakMemoryBytes, startupMs }: Sample): void {
    this.#samples++;
    const memoryMb = peakMemoryBytes === null ? null : peakMemoryBytes / MEBIBYTE;
    this.#kind({ language, path }).record({ startupMs, memoryMb, at: this.#now() });
    const share = this.#warmShares.get(language);
    const isWarm = path === "warm" ? 1 : 0;
    this.#warmShares.set(language, share === undefined ? isWarm : share + (isWarm - share) * NEWEST);
  }

  recordFailure(): void {
    this.#failures++;
  }

  /** Undefined as long as there are not enough samples: of the path that is expected, else of a cold start. */
  figures({ language, memoryOverheadMb, path }: FiguresRequest): Figures | undefined {
    const expected = path ?? ((this.#warmShares.get(language) ?? 0) > 0.5 ? "warm" : "cold");
    for (const one of new Set([expected, "cold"] as const)) {
      const found = this.#kinds.get(keyOf({ language, path: one }))?.figures(memoryOverheadMb);
      if (found !== undefined) return { path: one, ...found };
    }
    return undefined;
  }

  read(): Measured {
    const kinds = [...this.#kinds.values()];
    return {
      ...summaryOf(kinds.flatMap(({ window }) => window)),
      samples: this.#samples,
      failures: this.#failures,
      ...(kinds.length === 0 ? {} : { paths: kinds.map(({ kind, window }) => ({ ...kind, ...summaryOf(window) })) }),
    };
  }

  #kind(kind: Kind): KindProfile {
    const key = keyOf(kind);
    const known = this.#kinds.get(key) ?? new KindProfile(kind);
    this.#kinds.set(key, known);
    return known;
  }
}

interface Point {
  readonly startupMs: number;
  readonly memoryMb: number | null;
  readonly at: number;
}

/** The measurements of one language on one path. */
class KindProfile {
  readonly kind: Kind;
  readonly window: Point[] = [];
  /** What the window comes to, until enough others enter: as time passes, all weights fall alike. */
  #figures: Omit<Figures, "path"> | undefined;
  /** Samples that have entered since. */
  #newer = 0;

  constructor(kind: Kind) {
    this.kind = kind;
  }

  record(point: Point): void {
    this.window.push(point);
    if (this.window.length > WINDOW) this.window.shift();
    this.#newer++;
  }

  /** A runtime declares one overhead, so that it is the same at every call. */
  figures(memoryOverheadMb: number): Omit<Figures, "path"> | undefined {
    if (this.#newer <= this.window.length * NEWER_SHARE) return this.#figures;
    this.#newer = 0;
    return this.#figures = figuresOf(this.window, memoryOverheadMb);
  }
}

/**
 * The medians. What a program takes beyond the declared overhead of a near-empty one is its own appetite: if it counted,
 * whoever runs greedy programs would make the runtime look heavy that runs them, for everybody, against one that does
 * not.
 */
function figuresOf(window: readonly Point[], memoryOverheadMb: number): Omit<Figures, "path"> | undefined {
  const modest = window.filter(({ memoryMb }) => memoryMb !== null && memoryMb <= memoryOverheadMb);
  if (window.length < ENOUGH_SAMPLES || modest.length < ENOUGH_PEAKS) return undefined;
  const { p50: startupMs } = percentilesOf(window, ({ startupMs }) => startupMs);
  const { p50: memoryMb } = percentilesOf(modest, ({ memoryMb }) => memoryMb);
  return { startupMs: Math.round(startupMs ?? 0), memoryMb: Math.round(memoryMb ?? 0) };
}

function summaryOf(window: readonly Point[]): Summary {
  return {
    samples: window.length,
    startupMs: percentilesOf(window, ({ startupMs }) => startupMs),
    memoryMb: percentilesOf(window, ({ memoryMb }) => memoryMb),
  };
}

/** The least values that so much of all weight does not exceed. */
function percentilesOf(window: readonly Point[], valueOf: (point: Point) => number | null): Percentiles {
  const newestAt = Math.max(...window.map(({ at }) => at));
  const weighted = window.flatMap((point) => {
    const value = valueOf(point);
    return value === null ? [] : [{ value, weight: 2 ** ((point.at - newestAt) / HALF_LIFE_MS) }];
  }).toSorted((a, b) => a.value - b.value);
  const total = weighted.reduce((sum, { weight }) => sum + weight, 0);
  const at = (share: number) => {
    let reached = 0;
    const found = weighted.find(({ weight }) => (reached += weight) >= total * share);
    return found?.value ?? weighted.at(-1)?.value ?? null;
  };
  return { p50: at(0.5), p95: at(0.95) };
}

function keyOf({ language, path }: Kind): string {
  return `${path} ${language}`;
}
