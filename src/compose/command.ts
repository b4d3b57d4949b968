import { MemoryBudget } from "../concurrency/memory_budget.ts";
import type { Config } from "../config.ts";
import type { Engine } from "../engine/mod.ts";
import { Instance } from "../host/instance.ts";
import { openGround } from "./ground.ts";
import { homeHasKeys, openMemoryStorage } from "./home_storage.ts";
import { composeRuntimes, type RuntimeOptions } from "./runtimes.ts";

/** An engine for one command line. */
export interface CommandEngine extends AsyncDisposable {
  readonly engine: Engine;
}

/**
 * Builds an engine for one command, beside the service of the same home. It stores nothing, has no warm pool, and no
 * observer.
 *
 * @throws {CodeBeakerError} `invalid_request`
 */
export async function composeCommand(config: Config, options: RuntimeOptions = {}): Promise<CommandEngine> {
  await using building = new AsyncDisposableStack();
  const memory = new MemoryBudget(config.memoryBudgetMb);
  const loadEngine = () => import("./engine.ts");
  const ground = building.use(
    await openGround(config, {
      memory,
      openInstance: (home) => Instance.openPassing(home),
      loadMeanwhile: () => void loadEngine().catch(() => {}), // It is loaded again below.
    }),
  );
  const storage = building.use(openMemoryStorage(config));
  const hasKeys = () => config.apiKeys.length > 0 || homeHasKeys(config);
  const { runtimes } = building.use(composeRuntimes(config, { ...options, ground, memory }));
  const { composeEngine } = await loadEngine();
  const { engine } = building.use(composeEngine(config, { ground, memory, runtimes, storage, observer: {}, hasKeys }));
  const owned = building.move();
  return { engine, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
