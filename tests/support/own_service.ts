import { composeService, type Service } from "../../src/compose/mod.ts";
import type { Config } from "../../src/config.ts";
import type { RuntimeOptions } from "../../src/compose/runtimes.ts";
import { deno } from "../../src/runtimes/deno/entry.ts";
import { createRuntimes } from "../../src/runtimes/registry.ts";
import { FakeEnvironment } from "./fake_environment.ts";
import { fakeRuntime } from "./fake_runtime.ts";
import { keepSelfTests, plantSelfTests } from "./kept_self_tests.ts";
import { untilAnswered } from "./service_process.ts";
import { configFor } from "./test_config.ts";

/** A service in the test's own process, which takes a fraction of what one in a process of its own does. */
export interface OwnService extends Pick<Service, "fetch">, AsyncDisposable {
  readonly url: string;
}

/** Options of a service that runs nothing: every program prints its stdin. */
export const FAKES: RuntimeOptions = {
  createRuntimes: () => [fakeRuntime({ createEnvironment: () => FakeEnvironment.create() })],
};

/** Options of a service with the tests' own runtime alone: at each start every other one is loaded, and its languages are looked for. */
const DENO: RuntimeOptions = { createRuntimes: (host) => createRuntimes(host, [deno]) };

/** Options of a service with everything that the project ships. */
export const EVERY_RUNTIME: RuntimeOptions = {};

/** Starts a service with Deno, unless options say other runtimes, on a free port and with places of its own. */
export async function openService(settings: Partial<Config> = {}, options: RuntimeOptions = DENO): Promise<OwnService> {
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
  await untilAnswered({ url });
  const owned = building.move();
  return { url, fetch: service.fetch, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
