import type { Answer } from "../../core/answers/answer.ts";
import type { measuredSchema, percentilesSchema, summarySchema } from "../../core/answers/runtime.ts";
import { MEBIBYTE } from "../../core/limits.ts";
import type { StartPath } from "../../core/selection.ts";

/** The age at which a sample counts half as much, in ms. */
const HALF_LIFE_MS = 600_000;
/** The most samples behind the figures of one language and path. The oldest are forgotten. */
const WINDOW = 128;
/** The least samples for figures. */
export const ENOUGH_SAMPLES = 5;
/** The least samples with a memory figure. A program that ends before its memory is measured has none. */
const ENOUGH_PEAKS = 3;
/** The share of newer samples above which figures are made anew. Sorting the samples costs as much as all else here. */
const NEWER_SHARE = 1 / 16;
/** The weight of the newest start in the share of warm starts. */
const NEWEST = 0.25;

/** The median and the tail of measurements, null without samples. */
export type Percentiles = Answer<typeof percentilesSchema>;

/** A summary of samples. A recent sample counts more. */
type Summary = Answer<typeof summarySchema>;

/** The measurements of a runtime since the service started. */
export type Measured = Answer<typeof measuredSchema>;

/** The key of figures. Languages start in different times, and a warm start takes next to none. */
export interface Kind {
  readonly language: string;
  readonly path: StartPath;
}

/** The measurements of one execution. */
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
  /** The path of the start; absent, that of most recent starts in this language. */
  readonly path?: StartPath | undefined;
  /** The declared memory of a near-empty program, in MB. */
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
  #revision = 0;

  /** @param now the clock by which samples grow old, in ms */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Grows when {@link figures} may be other than before. */
  get revision(): number {
    return this.#revision;
  }

  record({ language, path, peakMemoryBytes, startupMs }: Sample): void {
    this.#samples++;
    const memoryMb = peakMemoryBytes === null ? null : peakMemoryBytes / MEBIBYTE;
    const kind = this.#kind({ language, path });
    const wasStale = kind.isStale;
    kind.record({ startupMs, memoryMb, at: this.#now() });
    const share = this.#warmShares.get(language);
    const isWarm = path === "warm" ? 1 : 0;
    const newShare = share === undefined ? isWarm : share + (isWarm - share) * NEWEST;
    this.#warmShares.set(language, newShare);
    const isNewlyStale = kind.isStale && !wasStale; // Each read of stale figures computes them again.
    if (isNewlyStale || isMostlyWarm(share) !== isMostlyWarm(newShare)) this.#revision++;
  }

  recordFailure(): void {
    this.#failures++;
  }

  /** The figures of the expected path, else those of a cold start. Undefined while there are not enough samples. */
  figures({ language, memoryOverheadMb, path }: FiguresRequest): Figures | undefined {
    const expected = path ?? (isMostlyWarm(this.#warmShares.get(language)) ? "warm" : "cold");
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
  /** The figures of the window, until enough new samples enter. As time passes, all weights fall alike. */
  #figures: Omit<Figures, "path"> | undefined;
  /** The samples that have entered since the figures were made. */
  #newer = 0;

  constructor(kind: Kind) {
    this.kind = kind;
  }

  record(point: Point): void {
    this.window.push(point);
    if (this.window.length > WINDOW) this.window.shift();
    this.#newer++;
  }

  /** Whether enough new samples have entered for new figures. */
  get isStale(): boolean {
    return this.#newer > this.window.length * NEWER_SHARE;
  }

  /** The figures of the window. A runtime declares one overhead, so that it is the same at every call. */
  figures(memoryOverheadMb: number): Omit<Figures, "path"> | undefined {
    if (!this.isStale) return this.#figures;
    this.#newer = 0;
    return this.#figures = figuresOf(this.window, memoryOverheadMb);
  }
}

/**
 * The medians of start-up and memory. Programs that take more than the declared overhead do not count for memory.
 * Otherwise a client with large programs would make the runtime that runs them look costly to every client.
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

/** The weighted percentiles of values. Each is the least value that its share of all weight does not exceed. */
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

function isMostlyWarm(share = 0): boolean {
  return share > 0.5;
}

function keyOf({ language, path }: Kind): string {
  return `${path} ${language}`;
}
