import { testedAvailability } from "../support/requirements.ts";
import type { Availability } from "../../src/core/capabilities.ts";
import { NO_PERMISSIONS } from "../../src/core/permissions/permissions.ts";
import type { AttackSubject, RuntimeEntry } from "../../src/runtimes/entry.ts";
import type { ExecutionRuntime, RuntimeHost } from "../../src/runtimes/port.ts";
import { RUNTIMES } from "../../src/runtimes/registry.ts";
import { configureEnvironment as configFor } from "../support/configure_environment.ts";
import { EAGER_POOL } from "../support/eager_pool.ts";
import { openRuntimeHost } from "../support/runtime_host.ts";
import { type AttackTable, CATEGORIES } from "./attack.ts";
import { runtimeOf } from "../support/runtime_of.ts";

export { configFor };

/** Languages of attacks that run in what the runtime calls its own. */
const OF_RUNTIME = ["shell", "ecmascript"];

/** A runtime in one combination of layers, opened on this machine. */
export interface Subject extends AsyncDisposable, Required<Omit<AttackSubject, "needs" | "without">> {
  readonly name: string;
  /** The categories of which attacks are tried on it that others stand for. */
  readonly meetsEveryAttackOn: readonly AttackTable["category"][];
  /** Whether it is the strongest of its runtime. */
  readonly isStrongest: boolean;
  /** The isolation level that it declares for a program without permissions. */
  readonly level: number;
  /** The same for any command line. */
  readonly shellLevel: number;
  /** Where its environments have their directories; undefined where that is not on this host. */
  readonly scratchDirectory: string | undefined;
  readonly host: RuntimeHost;
  readonly runtime: ExecutionRuntime;
  /** The same with networks that the operator opened. */
  withOpenNetworks(networks: readonly string[]): ExecutionRuntime;
  /** The environment name for an attack's language. */
  environmentFor(language: string): string;
  isAvailable(): Promise<Availability>;
}

/** A subject by what the table of its runtime says. */
export interface Setup extends AttackSubject {
  readonly entry: RuntimeEntry;
  readonly shellEnvironment: string;
  readonly usesHostLayers: boolean;
  /** Whether it is the strongest of its runtime. */
  readonly isStrongest: boolean;
}

/** What takes too much is counted with what is alike, so that one shows for all that it is counted in other layers too. */
const BOUNDED: readonly string[] = ["memory", "cpu", "disk", "output", "time"];
const NOT_BOUNDED = CATEGORIES.filter((category) => !BOUNDED.includes(category));

/** The subjects of every runtime by their titles, the strongest of each first. */
export const SETUPS: Readonly<Record<string, Setup>> = Object.fromEntries(
  (await Promise.all(RUNTIMES.map(async (entry) => {
    const { attackSubjects, ...subjects } = await entry.loadTestSubjects();
    return Object.entries(attackSubjects).map(([name, subject], index) =>
      [name, { ...subject, ...subjects, entry, isStrongest: index === 0 }] as const
    );
  }))).flat(),
);

/** A subject on this machine; {@link Subject.isAvailable} says whether the machine offers it. */
export async function openSubject(name: string): Promise<Subject> {
  const setup = SETUPS[name];
  if (setup === undefined) throw new Error(`There is no subject ${name}`);
  const { entry, isStrongest, languages, needs, shellEnvironment, usesHostLayers } = setup;
  const {
    categories = CATEGORIES,
    isWarm = false,
    minIsolation = 0,
    omits = {},
    runsCells = false,
    unenforced = {},
    without = [],
  } = setup;
  await using stack = new AsyncDisposableStack();
  const host = stack.use(await openRuntimeHost({ without, ...(isWarm ? { pool: EAGER_POOL } : {}) }));
  const runtime = stack.use(runtimeOf(entry, host));
  const environmentFor = (language: string) => OF_RUNTIME.includes(language) ? shellEnvironment : language;
  const environment = environmentFor(languages[0] ?? "shell");
  const { isolation, cannotHonour } = await runtime.assess(configFor(environment, { minIsolation }));
  const permissions = { ...NO_PERMISSIONS, allowRun: true };
  const withCommands = await runtime.assess(configFor(shellEnvironment, { minIsolation, permissions }));
  const owned = stack.move();
  return {
    name,
    level: isolation.level,
    shellLevel: withCommands.isolation.level,
    languages,
    categories,
    meetsEveryAttackOn: isStrongest ? CATEGORIES : setup.categories !== undefined ? [] : NOT_BOUNDED,
    isStrongest,
    minIsolation,
    omits,
    unenforced,
    isWarm,
    runsCells,
    scratchDirectory: usesHostLayers ? host.scratchDirectory : undefined,
    host,
    runtime,
    environmentFor,
    withOpenNetworks: (openNetworks) => runtimeOf(entry, { ...host, openNetworks }),
    async isAvailable() {
      const lacks = needs !== undefined && !host.confinement.layers.includes(needs);
      if (lacks) return { available: false, reason: `this machine has no ${needs}` };
      if (cannotHonour !== undefined) return { available: false, reason: cannotHonour };
      if (isolation.level < minIsolation) return { available: false, reason: `its level is ${isolation.level}` };
      const answers = await Promise.all(
        languages.map((language) => testedAvailability(runtime, environmentFor(language))),
      );
      return answers.find(({ available }) => !available) ?? { available: true };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
