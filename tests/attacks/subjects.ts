import type { Availability } from "../../src/core/capabilities.ts";
import type { LimitName } from "../../src/core/limits.ts";
import { LEVEL_UNCHECKED } from "../../src/runtimes/deno/isolation.ts";
import { create as createDeno } from "../../src/runtimes/deno/mod.ts";
import { create as createDocker } from "../../src/runtimes/docker/mod.ts";
import type { ExecutionRuntime, RuntimeHost } from "../../src/runtimes/port.ts";
import type { LayerName } from "../../src/sandbox/layers.ts";
import { configureEnvironment as configFor } from "../support/configure_environment.ts";
import { EAGER_POOL } from "../support/eager_pool.ts";
import { openRuntimeHost } from "../support/runtime_host.ts";
import type { AttackLanguage } from "./attack.ts";

/** A runtime in one combination of layers. */
export interface Subject extends AsyncDisposable {
  readonly name: string;
  /** The isolation level that it declares for a program without permissions. */
  readonly level: number;
  /** The same for any command line. */
  readonly shellLevel: number;
  /** Attacks in these languages are tried on it. */
  readonly languages: readonly AttackLanguage[];
  readonly minIsolation: number;
  /** What it may be without, and why: attacks that name such a limit are then refused. */
  readonly unenforced: Unenforced;
  /** Whether its programs meet processes that were made ready for them. */
  readonly isWarm: boolean;
  /** Whether code is a cell of a context, and no program of its own. */
  readonly runsCells: boolean;
  readonly host: RuntimeHost;
  readonly runtime: ExecutionRuntime;
  /** The same with networks that the operator opened. */
  withOpenNetworks(networks: readonly string[]): ExecutionRuntime;
  isAvailable(): Promise<Availability>;
}

type Unenforced = Readonly<Partial<Record<LimitName, string>>>;

/** What a subject is made from. */
interface Setup {
  readonly runtime: "deno" | "docker";
  /** Layers that are not used. */
  readonly without?: readonly LayerName[];
  /** One that has to be there for this to be another subject than those below it. */
  readonly needs?: LayerName;
  readonly minIsolation?: number;
  readonly languages: readonly AttackLanguage[];
  readonly unenforced?: Unenforced;
  readonly isWarm?: boolean;
  readonly runsCells?: boolean;
}

const IGNORED = "gVisor may be registered to leave the control group alone";

const DENO_LANGUAGES = ["typescript", "javascript"] as const;
const ROOTS_LAYERS = ["own_user", "cgroup", "tmpfs"] as const;
const ALL_LAYERS = [...ROOTS_LAYERS, "namespaces", "landlock", "seccomp", "no_new_privs", "rlimits"] as const;

/** Every combination that a machine may offer, the strongest first. */
export const SETUPS: Readonly<Record<string, Setup>> = {
  "deno in namespaces": { runtime: "deno", needs: "namespaces", languages: [...DENO_LANGUAGES, "shell"] },
  "deno in namespaces, warm": { runtime: "deno", needs: "namespaces", languages: DENO_LANGUAGES, isWarm: true },
  "deno in namespaces, in a context": {
    runtime: "deno",
    needs: "namespaces",
    languages: DENO_LANGUAGES,
    runsCells: true,
  },
  "deno in namespaces, not root": {
    runtime: "deno",
    needs: "namespaces",
    without: ROOTS_LAYERS,
    languages: [...DENO_LANGUAGES, "shell"],
  },
  "deno under Landlock": { runtime: "deno", needs: "landlock", without: ["namespaces"], languages: DENO_LANGUAGES },
  "deno under Landlock, not root": {
    runtime: "deno",
    needs: "landlock",
    without: ["namespaces", ...ROOTS_LAYERS],
    languages: DENO_LANGUAGES,
  },
  "deno as another user": {
    runtime: "deno",
    needs: "own_user",
    without: ["namespaces", "landlock"],
    languages: DENO_LANGUAGES,
  },
  "deno with flags alone": { runtime: "deno", without: ALL_LAYERS, languages: DENO_LANGUAGES },
  "docker": { runtime: "docker", languages: ["python", "node", "bash", "shell"] },
  "docker, warm": { runtime: "docker", languages: ["python", "bash"], isWarm: true },
  "docker, in a context": { runtime: "docker", languages: ["python"], runsCells: true },
  "docker with gVisor": {
    runtime: "docker",
    minIsolation: 10,
    languages: ["python", "bash", "shell"],
    unenforced: { maxProcesses: "what the kernel counts are gVisor's own threads", memoryMb: IGNORED, cpuMs: IGNORED },
  },
};

export { configFor };

/** The environment name that an attack's language is run as. */
export function environmentFor(language: AttackLanguage, runtime: string): string {
  if (language !== "shell") return language;
  return runtime === "docker" ? "bash" : "typescript";
}

/** A subject, or why this machine does not offer it. */
export async function openSubject(name: string): Promise<Subject> {
  const setup = SETUPS[name];
  if (setup === undefined) throw new Error(`There is no subject ${name}`);
  const { isWarm = false, minIsolation = 0, languages, needs, runsCells = false, unenforced = {}, without = [] } =
    setup;
  await using stack = new AsyncDisposableStack();
  const host = stack.use(await openRuntimeHost({ without, ...(isWarm ? { pool: EAGER_POOL } : {}) }));
  const create = setup.runtime === "docker" ? createDocker : createDeno;
  const runtime = stack.use(create(host));
  const environment = environmentFor(languages[0] ?? "typescript", setup.runtime);
  const { isolation, cannotHonour } = await runtime.assess(configFor(environment, { minIsolation }));
  const owned = stack.move();
  return {
    name,
    level: isolation.level,
    shellLevel: setup.runtime === "docker" ? isolation.level : LEVEL_UNCHECKED,
    languages,
    minIsolation,
    unenforced,
    isWarm,
    runsCells,
    host,
    runtime,
    withOpenNetworks: (openNetworks) => create({ ...host, openNetworks }),
    async isAvailable() {
      const lacks = needs !== undefined && !host.confinement.layers.includes(needs);
      if (lacks) return { available: false, reason: `this machine has no ${needs}` };
      if (cannotHonour !== undefined) return { available: false, reason: cannotHonour };
      if (isolation.level < minIsolation) return { available: false, reason: `its level is ${isolation.level}` };
      await runtime.diagnose(); // The self-test takes as long as it takes here.
      const answers = await Promise.all(
        languages.map((language) => runtime.isAvailable(environmentFor(language, setup.runtime))),
      );
      return answers.find(({ available }) => !available) ?? { available: true };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
