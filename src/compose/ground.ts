import type { MemoryBudget } from "../concurrency/memory_budget.ts";
import type { Config } from "../config.ts";
import { CodeBeakerError, messageOf } from "../core/errors.ts";
import { MEBIBYTE } from "../core/limits.ts";
import type { Instance } from "../host/instance.ts";
import { Scratch } from "../host/scratch.ts";
import { log } from "../log.ts";
import { Confinement } from "../sandbox/confinement.ts";
import { releaseOrphans } from "../sandbox/orphans.ts";

/** A process's own part of this machine. Disposing gives it back. */
export interface Ground extends AsyncDisposable {
  /** A directory for temporary files; undefined where none can be made. */
  readonly scratchDirectory: string | undefined;
  readonly confinement: Confinement;
  /**
   * The service's identity. Undefined where no home directory can be used: then nothing is made that outlives this
   * process.
   */
  readonly instance: Instance | undefined;
}

interface GroundOptions {
  readonly memory: MemoryBudget;
  /** Begins to load the code that is needed next. Called at most once, while children test the layers. */
  loadMeanwhile(): void;
  openInstance(home: string): Promise<Instance>;
}

/**
 * Takes a process's part of this machine.
 *
 * @throws {CodeBeakerError} `invalid_request` when another service has the home
 */
export async function openGround(
  config: Config,
  { loadMeanwhile, memory, openInstance }: GroundOptions,
): Promise<Ground> {
  await using opened = new AsyncDisposableStack();
  const scratch = opened.use(await openScratch(config.scratch));
  const confinement = opened.use(
    scratch === undefined ? Confinement.none() : await Confinement.detect(scratch.path, {
      promiseMemory: (bytes) => memory.forWorkspace(Math.ceil(bytes / MEBIBYTE)),
      whileTesting: loadMeanwhile,
    }),
  );
  opened.use(confinement.keepSpareLauncher());
  const instance = opened.use(config.home === undefined ? undefined : await tryInstance(config.home, openInstance));
  const owned = opened.move();
  return {
    scratchDirectory: scratch?.path,
    confinement,
    instance,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function openScratch(parent: string): Promise<Scratch | undefined> {
  try {
    return await Scratch.open(parent, { release: releaseOrphans });
  } catch (error) {
    log.warning("scratch.open_failed", { parent, error: messageOf(error) });
    return undefined;
  }
}

async function tryInstance(home: string, open: GroundOptions["openInstance"]): Promise<Instance | undefined> {
  try {
    return await open(home);
  } catch (error) {
    if (error instanceof CodeBeakerError) throw error;
    log.warning("home.open_failed", { home, error: messageOf(error) });
    return undefined;
  }
}
