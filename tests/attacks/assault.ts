import { assert } from "@std/assert";
import { join } from "@std/path";
import { DEFAULT_LIMITS, type LimitName, type Limits, namedLimits } from "../../src/core/limits.ts";
import { NO_PERMISSIONS } from "../../src/core/permissions/permissions.ts";
import { messageOf } from "../../src/core/errors.ts";
import type { ExecutionEnvironment, ExecutionRuntime, RuntimeConfig } from "../../src/runtimes/port.ts";
import { type Attack, type AttackLanguage, type Finding, type Step, stepsOf } from "./attack.ts";
import { bareEnvironmentOf, openBareEnvironment } from "./bare.ts";
import { runMain, takeStep, type Transcript } from "./carry_out.ts";
import { HostWatch } from "./host_processes.ts";
import { type MachineBounds, type MachineCounter, MachineWatch } from "./machine_counters.ts";
import { type Before, findingsInside, findingsOutside, findProcesses, lookBefore } from "./oracles.ts";
import { configFor, type Subject } from "./subjects.ts";
import { openWorld, type World } from "./world.ts";
import type { Row } from "./rows.ts";
import type { Worlds } from "./worlds.ts";

const LOOK_MS = 50;
/** The name of the variable that carries the token. */
const TOKEN_VARIABLE = "ATTACK";

/** An honest program in each language. */
const HONEST: Readonly<Record<AttackLanguage, string>> = {
  typescript: "const answer: number = 42; console.log(answer);",
  web: "console.log(42);",
  javascript: "console.log(42);",
  node: "console.log(42);",
  python: "print(42)",
  bash: "echo 42",
  shell: "console.log(42);",
  ecmascript: "console.log(42);",
};

/** What came of an attack, as the oracles saw it. */
export interface Report {
  /** Why it was refused before it began, if it was. */
  readonly refusal?: string;
  /** Limits that it names and its subject does not enforce. */
  readonly unenforced?: readonly LimitName[];
  /** The isolation that its environment had. */
  readonly level: number;
  readonly findings: readonly Finding[];
  /** Whether its last program met a process that was made ready for it. */
  readonly wasWarm: boolean;
  /** What was answered, for whoever looks why. */
  readonly transcript: Transcript;
}

/** Where an attack is carried out, and what it is aimed at. */
export interface Target {
  readonly subject: Subject;
  readonly worlds: Worlds;
}

/** Carries an attack out on a subject, looks at everything outside, and lets an honest program have its turn. */
export async function assault(attack: Attack, target: Target): Promise<Report> {
  const { findings, reports: [report] } = await assaultInTurn([attack], target);
  assert(report !== undefined, `Nothing is reported of ${attack.name}`);
  return { ...report, findings };
}

/** What came of a row of attacks. */
export interface RowReport {
  /** What was seen during each of them. */
  readonly reports: readonly Report[];
  /** All that was seen during and after them. */
  readonly findings: readonly Finding[];
}

/**
 * Carries attacks of the same configuration out one after another in one environment. Between them, looks for processes
 * that are left, and empties the workspace; behind the last, looks at everything outside and lets an honest program have its turn.
 */
export async function assaultInTurn(attacks: Row, { subject, worlds }: Target): Promise<RowReport> {
  return await worlds.use((world) => assaultIn(world, attacks, subject));
}

async function assaultIn(world: World, attacks: Row, subject: Subject): Promise<RowReport> {
  const [attack] = attacks;
  const runtime = attack.openNetworks === undefined ? subject.runtime : subject.withOpenNetworks(attack.openNetworks);
  const config = configOf(attack, { subject, world });
  const { cannotHonour, isolation } = await runtime.assess(config);
  const level = attack.language === "shell" ? Math.min(isolation.level, subject.shellLevel) : isolation.level;
  const nothing = { level, findings: [], wasWarm: false, transcript: { answers: [], ended: undefined, findings: [] } };
  const reportAll = (report: Partial<Report>) => ({
    reports: attacks.map(() => ({ ...nothing, ...report })),
    findings: [],
  });
  if (cannotHonour !== undefined) return reportAll({ refusal: cannotHonour });
  // A request that names a limit is given to no runtime that does not enforce it.
  const unenforced = namedLimits(attack.limits ?? {}).filter((limit) => !isolation.limits.includes(limit));
  if (unenforced.length > 0) return reportAll({ unenforced });
  const { isStrongest, runsCells, scratchDirectory: scratch } = subject;
  const make = () => runtime.createEnvironment(config);
  const honesty = isStrongest ? "always" : "unless shown";
  const { findings, reports } = await observe(attacks, { make, runtime, config, world, scratch, runsCells, honesty });
  return { findings, reports: reports.map((report) => ({ level, ...report })) };
}

/** Lets an honest program have its turn in a fresh environment, as an attack had it that left nothing to work with. */
export async function tryHonestyAfter(attack: Attack, { subject, worlds }: Target): Promise<readonly Finding[]> {
  const { findings } = await worlds.use(async (world) => {
    await using environment = await subject.runtime.createEnvironment(configOf(attack, { subject, world }));
    return { findings: await tryHonesty(attack, environment) };
  });
  return findings;
}

/** Carries an attack out where nothing holds it but from harming the machine. */
export async function assaultBare(attack: Attack): Promise<Omit<Report, "level">> {
  await using world = await openWorld();
  const { language = "typescript" } = attack;
  const config = configFor(bareEnvironmentOf(language), { resourceLimits: limitsOf(attack) });
  const { findings, reports: [report] } = await observe([attack], {
    make: () => openBareEnvironment(config, world),
    runtime: undefined,
    config,
    world,
    scratch: undefined,
    runsCells: false,
    honesty: "never",
  });
  assert(report !== undefined, `Nothing is reported of ${attack.name}`);
  return { ...report, findings };
}

/** Where attacks are carried out. */
interface Stage {
  make(): Promise<ExecutionEnvironment>;
  readonly runtime: ExecutionRuntime | undefined;
  readonly config: RuntimeConfig;
  readonly world: World;
  /** Where environments have their directories. */
  readonly scratch: string | undefined;
  readonly runsCells: boolean;
  /** When an honest program has its turn behind them: also where the last attack itself shows that programs work? */
  readonly honesty: "always" | "unless shown" | "never";
}

type Observation = Omit<Report, "level">;

async function observe(
  attacks: Row,
  stage: Stage,
): Promise<{ readonly reports: readonly Observation[]; readonly findings: readonly Finding[] }> {
  const { world } = stage;
  const before = lookBefore(world);
  using growth = new GrowthWatch(before);
  using _turn = attacks.some(({ bounds }) => bounds?.machine !== undefined) ? await acquireMachine() : undefined;
  using machine = new MachineWatch(machineBoundsOf(attacks));
  const { findings, reports, ...inside } = await observeInside(attacks, stage, before);
  const outside = await findingsOutside({ ...inside, world, before, serviceBytes: growth.peakBytes });
  const left = (await machine.left()).map((detail): Finding => ({ oracle: "machine", detail: `left: ${detail}` }));
  return { reports, findings: [...reports.flatMap(({ findings }) => findings), ...findings, ...outside, ...left] };
}

/** Waits until no other test, of whichever process, attacks what the kernel counts for the whole machine. */
async function acquireMachine(): Promise<Deno.FsFile> {
  const file = await Deno.open(new URL(import.meta.url)); // Every process of the tests has this file.
  await file.lock(true);
  return file;
}

async function observeInside(
  attacks: Row,
  { make, runtime, config, world, scratch, runsCells, honesty }: Stage,
  { running }: Before,
) {
  const steps = attacks.flatMap(stepsOf);
  await using neighbour = steps.some((step) => "neighbour" in step) ? await make() : undefined;
  await using environment = await make();
  const directoryOf = ({ id }: ExecutionEnvironment) => scratch === undefined ? undefined : join(scratch, id);
  const directory = directoryOf(environment);
  const uid = directory === undefined ? undefined : ownerOf(directory);
  world.name({
    directory: directory ?? "/nonexistent",
    scratch: scratch ?? "/nonexistent",
    neighbour: (neighbour && directoryOf(neighbour)) ?? "/nonexistent",
  });
  const isContained = scratch === undefined;
  const scene = { world, environment, neighbour, runtime, limits: config.resourceLimits, runsCells, isContained };
  const reports: Observation[] = [];
  const left: Finding[] = [];
  for (const attack of attacks) {
    if (reports.length > 0) {
      left.push(...await findProcesses({ running, token: world.token, uid })); // The next attack may kill them.
      left.push(...await empty(environment));
    }
    using machine = new MachineWatch(attack.bounds?.machine ?? {});
    using watch = attack.bounds === undefined ? undefined : new HostWatch(world.token, running);
    const transcript: Transcript = { answers: [], ended: undefined, findings: [] };
    // A program that only computes has no variables.
    const env = attack.language === "web" ? {} : { ...attack.env, [TOKEN_VARIABLE]: world.token };
    const request = requestOf(attack, config);
    for (const step of stepsOf(attack)) await takeStep(step, { ...scene, env, request }, transcript);
    const wasWarm = reports.length === 0 && environment.warm; // A later one may meet the process of the one before.
    const findings = await findingsInside(attack, { world, transcript, directory, environment, peak: watch?.peak });
    findings.push(...machine.excess().map((detail): Finding => ({ oracle: "machine", detail })));
    reports.push({ findings, wasWarm, transcript });
  }
  const isShown = honesty === "unless shown" && hasPrinted(reports.at(-1)?.transcript.ended);
  const isAsked = honesty !== "never" && !isShown && !attacks.some(({ spoils }) => spoils) && steps.some(isWithin);
  if (isAsked) left.push(...await tryHonesty(attacks[0], environment));
  return { findings: left, reports, directory, uid };
}

/** The bounds that hold for a row of attacks together: of one counter, the highest. */
function machineBoundsOf(attacks: Row): MachineBounds {
  const all = attacks.map(({ bounds }) => bounds?.machine ?? {});
  const counters = new Set(all.flatMap((bounds) => Object.keys(bounds) as MachineCounter[]));
  return Object.fromEntries(
    [...counters].map((counter) => [counter, Math.max(...all.map((bounds) => bounds[counter] ?? 0))]),
  );
}

/** Deletes everything in a workspace, as a client would. */
async function empty({ files }: ExecutionEnvironment): Promise<Finding[]> {
  try {
    const { children = [] } = await files.list(".", { maxDepth: 1 });
    for (const { path } of children) await files.delete(path, { recursive: true });
    return [];
  } catch (error) {
    return [{ oracle: "honesty", detail: `its workspace cannot be emptied: ${messageOf(error)}` }];
  }
}

/** Whether a step is taken in the environment of the attack. */
function isWithin(step: Step): boolean {
  return !("request" in step || "neighbour" in step || "unheld" in step);
}

/** Whether the last program has come to its own end, and printed something. */
function hasPrinted(ended: Transcript["ended"]): boolean {
  return ended?.exitCode === 0 && ended.stdout !== "";
}

function configOf(
  attack: Attack,
  { subject: { environmentFor, isWarm, minIsolation, runsCells }, world }: {
    readonly subject: Subject;
    readonly world: World;
  },
): RuntimeConfig {
  const permissions = { ...NO_PERMISSIONS, ...attack.permissions };
  const environmentVariables = { ...attack.env, [TOKEN_VARIABLE]: world.token };
  return configFor(environmentFor(attack.language ?? "typescript"), {
    resourceLimits: limitsOf(attack),
    permissions: JSON.parse(world.fill(JSON.stringify(permissions))),
    minIsolation,
    ...(isWarm || runsCells ? { environmentVariables, runsMainFile: isWarm } : {}),
  });
}

function limitsOf({ limits }: Attack): Limits {
  return { ...DEFAULT_LIMITS, ...limits };
}

function requestOf({ limits = {}, permissions }: Attack, { environment }: RuntimeConfig): Record<string, unknown> {
  const { timeoutMs, ...others } = limits;
  return {
    language: environment,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    limits: others,
    ...(permissions === undefined ? {} : { permissions }),
  };
}

/** Whether an honest program still works: a sandbox that holds everybody holds attackers too. */
async function tryHonesty(
  { language = "typescript" }: Attack,
  environment: ExecutionEnvironment,
): Promise<Finding[]> {
  const code = environment.language === "bash" ? HONEST.bash : HONEST[language];
  const { exitCode, outcome, stderr, stdout } = await runMain(code, environment, { limits: DEFAULT_LIMITS });
  const isHonest = stdout === "42\n" && exitCode === 0;
  return isHonest ? [] : [{ oracle: "honesty", detail: JSON.stringify({ outcome, stdout, stderr }) }];
}

function ownerOf(path: string): number | undefined {
  const { uid } = Deno.lstatSync(path);
  return uid === Deno.uid() ? undefined : uid ?? undefined;
}

/** The most that this process takes, until it is disposed of. */
class GrowthWatch implements Disposable {
  readonly #timer: ReturnType<typeof setInterval>;
  #peakBytes: number;

  constructor({ serviceBytes }: Before) {
    this.#peakBytes = serviceBytes;
    this.#timer = setInterval(() => {
      this.#peakBytes = Math.max(this.#peakBytes, Deno.memoryUsage().rss);
    }, LOOK_MS);
  }

  get peakBytes(): number {
    return this.#peakBytes;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
