import type { Registry } from "prom-client";
import { ERROR_KINDS } from "./core/answers/vocabulary.ts";
import { CodeBeakerError, messageOf } from "./core/errors.ts";
import type { Attempt, Selection } from "./core/selection.ts";
import { CLOSE_REASONS } from "./core/answers/vocabulary.ts";
import type { SessionInfo } from "./core/session.ts";
import { VERSION } from "./core/version.ts";
import type { EndedExecution, Observer } from "./engine/observer.ts";
import { log } from "./log.ts";
import type { PoolState } from "./runtimes/warm/warm_pool.ts";
import type { Caller } from "./engine/port.ts";

/** Gauges that are read at each request for metrics. */
export interface MetricSources {
  /** Programs in a queue: of their session, of their tenant or of the service. */
  queueLength(): number;
  /** Programs that hold a slot. */
  running(): number;
  /** Sessions that are not closed. */
  sessions(): number;
  /** Contexts that are not lost. */
  contexts(): number;
  /** Bytes of requests that arrive, wait or run. */
  requestBytes(): number;
  /** The state of the warm pool by runtime. */
  pools(): readonly (PoolState & { readonly runtime: string })[];
}

/** Every metric as Prometheus reads it. */
export interface MetricsText {
  readonly contentType: string;
  readonly text: string;
}

interface Definition {
  readonly name: string;
  readonly help: string;
  readonly labelNames: string[];
}

interface HistogramDefinition extends Definition {
  readonly buckets: number[];
}

/** The value of a label without a subject. */
const NONE = "none";

/** Most names of keys in labels. Each is a series, so later keys are counted together. */
const MAX_KEYS = 100;
/** The label of keys beyond {@link MAX_KEYS}. */
const OTHER = "other";

/**
 * Counters by event. Every label is a runtime, a supported environment name, the name of a key, or a word of a list: a
 * caller cannot add values.
 */
const COUNTERS = {
  executions: {
    name: "codebeaker_executions_total",
    help: "Ended executions, by outcome; failed means that the service could not run them",
    labelNames: ["runtime", "language", "outcome"],
  },
  failures: {
    name: "codebeaker_execution_failures_total",
    help: "Executions that the service could not run, by error code",
    labelNames: ["code"],
  },
  cpu: {
    name: "codebeaker_execution_cpu_seconds_total",
    help: "CPU time that programs used, where it was measured",
    labelNames: ["runtime"],
  },
  keyExecutions: {
    name: "codebeaker_key_executions_total",
    help: "Ended executions by the name of the key; other for keys after the first 100, local without keys",
    labelNames: ["key"],
  },
  keyCpu: {
    name: "codebeaker_key_cpu_seconds_total",
    help: "CPU time that programs of a key used, where it was measured",
    labelNames: ["key"],
  },
  selections: {
    name: "codebeaker_selections_total",
    help: "Selections by chosen runtime; none where no runtime passed",
    labelNames: ["runtime", "preference"],
  },
  fallbacks: {
    name: "codebeaker_fallbacks_total",
    help: "Failed attempts to start a program, after which the next runtime was tried",
    labelNames: ["runtime"],
  },
  sessionsOpened: {
    name: "codebeaker_sessions_opened_total",
    help: "Opened sessions",
    labelNames: ["runtime"],
  },
  sessionsClosed: {
    name: "codebeaker_sessions_closed_total",
    help: "Closed sessions, by reason",
    labelNames: ["reason"],
  },
  errors: { name: "codebeaker_errors_total", help: "Error answers, by code", labelNames: ["code"] },
} satisfies Record<string, Definition>;

const HISTOGRAMS = {
  duration: {
    name: "codebeaker_execution_duration_seconds",
    help: "Time from the begin of a program to its end",
    labelNames: ["runtime"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300],
  },
  startup: {
    name: "codebeaker_execution_startup_seconds",
    help: "Time from the request for an environment to the begin of its program",
    labelNames: ["runtime"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  },
  queueWait: {
    name: "codebeaker_queue_wait_seconds",
    help: "Time that an execution waited for its slot",
    labelNames: [],
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60],
  },
} satisfies Record<string, HistogramDefinition>;

type Name = keyof typeof COUNTERS | keyof typeof HISTOGRAMS;

/** A count or a measurement, without the event that it comes from. */
interface Entry {
  readonly name: Name;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Counters that exist before their first event, so that a rate sees that event. */
const STARTING_AT_ZERO: readonly Entry[] = [
  ...CLOSE_REASONS.map((reason) => ({ name: "sessionsClosed" as const, labels: { reason }, value: 0 })),
  ...Object.keys(ERROR_KINDS).map((code) => ({ name: "errors" as const, labels: { code }, value: 0 })),
];

/**
 * Counts the service's events. The client library takes 18 ms and 7 MB, so the service loads it soon after it listens;
 * a count before that loads it too.
 */
export class Metrics implements Observer {
  readonly #sources: MetricSources;
  readonly #keys = new Set<string>();
  #loading: Promise<Instruments> | undefined;
  #loaded: Instruments | undefined;

  constructor(sources: MetricSources) {
    this.#sources = sources;
  }

  /** Begins to load the library. */
  load(): void {
    this.#instruments().catch((error: unknown) => log.error("metrics.load_failed", { error: messageOf(error) }));
  }

  selected({ chosen, preference }: Selection): void {
    this.#add("selections", { runtime: chosen ?? NONE, preference });
  }

  fellBack({ runtime }: Attempt): void {
    this.#add("fallbacks", { runtime });
  }

  executionEnded({ caller, result, queuedMs }: EndedExecution): void {
    const key = this.#labelOf(caller);
    this.#add("queueWait", {}, queuedMs / 1_000);
    this.#add("keyExecutions", { key });
    if (result instanceof CodeBeakerError) {
      this.#add("executions", { runtime: NONE, language: NONE, outcome: "failed" });
      this.#add("failures", { code: result.code });
      return;
    }
    const { runtime, language, outcome, usage } = result;
    this.#add("executions", { runtime, language, outcome: outcome.kind });
    this.#add("duration", { runtime }, usage.wallMs / 1_000);
    this.#add("startup", { runtime }, usage.startupMs / 1_000);
    if (usage.cpuMs === null) return;
    this.#add("cpu", { runtime }, usage.cpuMs / 1_000);
    this.#add("keyCpu", { key }, usage.cpuMs / 1_000);
  }

  sessionOpened(_caller: Caller, { runtime }: SessionInfo): void {
    this.#add("sessionsOpened", { runtime });
  }

  sessionClosed(_caller: Caller, { closedBecause }: SessionInfo): void {
    this.#add("sessionsClosed", { reason: closedBecause ?? NONE });
  }

  refused({ error }: { readonly error: CodeBeakerError }): void {
    this.#add("errors", { code: error.code });
  }

  /** Everything counted since the start, and the sources' values now. */
  async expose(): Promise<MetricsText> {
    const { registry } = await this.#instruments();
    return { contentType: registry.contentType, text: await registry.metrics() };
  }

  #labelOf({ principal: { name } }: Caller): string {
    if (!this.#keys.has(name) && this.#keys.size >= MAX_KEYS) return OTHER;
    this.#keys.add(name);
    return name;
  }

  #add(name: Name, labels: Entry["labels"], value = 1): void {
    if (!Number.isFinite(value) || value < 0) return; // The library would throw, and an observer must not.
    const entry = { name, labels, value };
    if (this.#loaded !== undefined) return this.#loaded.add(entry);
    this.#instruments().then(({ add }) => add(entry), () => {}); // The count is lost: load() and expose() report the error.
  }

  #instruments(): Promise<Instruments> {
    return this.#loading ??= openInstruments(this.#sources).then((loaded) => this.#loaded = loaded).catch(
      (error: unknown) => {
        this.#loading = undefined; // For example, no descriptors were left: the next count tries again.
        throw error;
      },
    );
  }
}

/** The library's side of every metric, with a registry of its own. */
interface Instruments {
  readonly registry: Registry;
  add(entry: Entry): void;
}

async function openInstruments(sources: MetricSources): Promise<Instruments> {
  // It is CommonJS, of which a bundle has the default export alone.
  const { default: { Counter, Gauge, Histogram, Registry } } = await import("prom-client");
  const registry = new Registry();
  const registers = [registry];
  const adders = new Map<string, (entry: Entry) => void>();
  for (const [name, definition] of Object.entries<Definition>(COUNTERS)) {
    const counter = new Counter({ ...definition, registers });
    adders.set(name, ({ labels, value }) => counter.inc(labels, value));
  }
  for (const [name, definition] of Object.entries<HistogramDefinition>(HISTOGRAMS)) {
    const histogram = new Histogram({ ...definition, registers });
    adders.set(name, ({ labels, value }) => histogram.observe(labels, value));
  }
  for (const { read, ...definition } of gaugesOf(sources)) {
    new Gauge({
      ...definition,
      registers,
      collect() {
        this.set(read());
      },
    });
  }
  new Gauge({ ...BUILD_INFO, registers }).set({ version: VERSION }, 1);
  for (const { read, ...definition } of POOL_METRICS) {
    const Kind = definition.name.endsWith("_total") ? Counter : Gauge;
    new Kind({
      ...definition,
      labelNames: ["runtime"],
      registers,
      collect() {
        this.reset();
        for (const { runtime, ...state } of sources.pools()) this.inc({ runtime }, read(state));
      },
    });
  }
  const add = (entry: Entry) => adders.get(entry.name)?.(entry);
  STARTING_AT_ZERO.forEach(add);
  return { registry, add };
}

const BUILD_INFO: Definition = {
  name: "codebeaker_build_info",
  help: "The version of the service as a label; always 1",
  labelNames: ["version"],
};

const POOL_METRICS: readonly (Pick<Definition, "name" | "help"> & { read(state: PoolState): number })[] = [
  {
    name: "codebeaker_pool_ready",
    help: "Warm processes and containers that wait for a program",
    read: ({ ready }) => ready,
  },
  {
    name: "codebeaker_pool_hits_total",
    help: "Programs and sessions that started warm",
    read: ({ hits }) => hits,
  },
  {
    name: "codebeaker_pool_misses_total",
    help: "Programs and sessions that started cold although their runtime has a pool",
    read: ({ misses }) => misses,
  },
];

function gaugesOf(sources: MetricSources) {
  return [
    {
      name: "codebeaker_queue_length",
      help: "Programs that wait for a slot, in their session, tenant or service",
      read: () => sources.queueLength(),
    },
    { name: "codebeaker_running", help: "Programs that hold a slot", read: () => sources.running() },
    { name: "codebeaker_sessions", help: "Sessions that are not closed", read: () => sources.sessions() },
    { name: "codebeaker_contexts", help: "Contexts that are not lost", read: () => sources.contexts() },
    {
      name: "codebeaker_request_bytes",
      help: "Bytes of requests that arrive, wait or run",
      read: () => sources.requestBytes(),
    },
    {
      name: "process_resident_memory_bytes",
      help: "Resident memory of the service itself",
      read: () => Deno.memoryUsage().rss,
    },
    {
      name: "process_start_time_seconds",
      help: "When the service started, in seconds since 1970",
      read: () => performance.timeOrigin / 1_000,
    },
  ];
}
