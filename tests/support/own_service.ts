import { composeService, type Service } from "../../src/compose/mod.ts";
import type { Config } from "../../src/config.ts";
import type { RuntimeOptions } from "../../src/compose/engine.ts";
import { FakeEnvironment } from "./fake_environment.ts";
import { fakeRuntime } from "./fake_runtime.ts";
import { keepSelfTests, plantSelfTests } from "./kept_self_tests.ts";
import { configFor } from "./test_config.ts";

/** A service in the test's own process, which takes a fraction of what one in a process of its own does. */
export interface OwnService extends Pick<Service, "fetch">, AsyncDisposable {
  readonly url: string;
}

/** Options of a service that runs nothing: every program prints its stdin. */
export const FAKES: RuntimeOptions = {
  createRuntimes: () => [fakeRuntime({ createEnvironment: () => FakeEnvironment.create() })],
};

/** Starts a service with the project's runtimes, unless options say others, on a free port and with places of its own. */
export async function openService(settings: Partial<Config> = {}, options: RuntimeOptions = {}): Promise<OwnService> {
  await using building = new AsyncDisposableStack();
  const directory = await Deno.makeTempDir();
  building.defer(() => Deno.remove(directory, { recursive: true }));
  await Deno.chmod(directory, 0o711); // Programs are other users than the service where it is root.
  const config = configFor(directory, settings);
  const { home = directory } = config;
  await plantSelfTests(home);
  building.defer(() => keepSelfTests(home));
  const service = building.use(await composeService(config, options));
  const { url } = service.listen();
  const owned = building.move();
  return { url, fetch: service.fetch, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
