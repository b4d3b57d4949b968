// @ts-types="@types/dockerode"
import Docker from "dockerode";
import type { Availability } from "../../src/core/capabilities.ts";
import { runProgram } from "../../src/commands/mod.ts";
import type { ProgramResult } from "../../src/core/execution.ts";
import { DEFAULT_LIMITS, type Limits } from "../../src/core/limits.ts";
import { docker } from "../../src/runtimes/docker/entry.ts";
import { parseEngineAddress } from "../../src/runtimes/docker/engine/engine_address.ts";
import { LABELS } from "../../src/runtimes/docker/container/reaper.ts";
import type { ExecutionEnvironment, ExecutionRuntime, RuntimeHost } from "../../src/runtimes/port.ts";
import { DOCKER_HOST } from "./docker_host.ts";
import { testedAvailability } from "./requirements.ts";
import { openRuntimeHost } from "./runtime_host.ts";
import { runtimeOf } from "./runtime_of.ts";

export { DOCKER_HOST };

/** How an environment is used: for one program, as a one-shot request does, or for many. */
export const WAYS = [{ name: "single use", singleUse: true }, { name: "lasting", singleUse: false }] as const;

/** The Engine API, for tests that look at what the service has done. */
export function openEngine(host: string = DOCKER_HOST): Docker {
  const address = parseEngineAddress(host, Deno.env.get("DOCKER_CERT_PATH"));
  return new Docker(
    address.kind === "unix" ? { socketPath: address.socketPath } : { host: address.host, port: address.port },
  );
}

/** A runtime of a test's own. */
export interface DockerUnderTest extends AsyncDisposable {
  readonly host: RuntimeHost;
  readonly runtime: ExecutionRuntime;
  readonly engine: Docker;
  /** Everything that its log was told. */
  readonly log: readonly { readonly message: string; readonly facts: Readonly<Record<string, unknown>> }[];
  /** The containers that it has on its Engine. */
  containers(): Promise<Docker.ContainerInfo[]>;
}

/** A runtime with a home of its own; `settings` stand in place of the tests' own. */
export async function openDocker(
  settings: Readonly<Record<string, unknown>> = {},
  parts: Partial<Pick<RuntimeHost, "selfTestResults" | "pool">> = {},
): Promise<DockerUnderTest> {
  const log: { message: string; facts: Readonly<Record<string, unknown>> }[] = [];
  const note = (message: string, facts: Readonly<Record<string, unknown>>) => void log.push({ message, facts });
  const given = { dockerHost: DOCKER_HOST, dockerPull: "never", ...settings };
  await using stack = new AsyncDisposableStack();
  const host = stack.use(
    await openRuntimeHost({ settings: { docker: given }, log: { info: note, warning: note }, ...parts }),
  );
  const runtime = stack.use(runtimeOf(docker, host));
  const engine = openEngine(given.dockerHost);
  const owned = stack.move();
  return {
    host,
    runtime,
    engine,
    log,
    containers: () => containersOf(engine, host.instance?.id ?? ""),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The containers of one service, running or not. */
export function containersOf(engine: Docker, instanceId: string): Promise<Docker.ContainerInfo[]> {
  return engine.listContainers({ all: true, filters: { label: [`${LABELS.instance}=${instanceId}`] } });
}

export { configureEnvironment as configFor } from "./configure_environment.ts";

/** Runs code in an environment, as the client of a one-shot request would. */
export async function runCode(
  environment: ExecutionEnvironment,
  code: string,
  options: { readonly limits?: Limits; readonly stdin?: string; readonly signal?: AbortSignal } = {},
): Promise<ProgramResult> {
  await environment.files.write(environment.mainFile(), new TextEncoder().encode(code));
  return await runProgram(environment, { kind: "file", path: environment.mainFile(), args: [] }, {
    limits: DEFAULT_LIMITS,
    ...options,
  });
}

/** Whether the Engine of the tests is there and has the images of these environments. */
export async function dockerAvailability(...environments: readonly string[]): Promise<Availability> {
  await using docker = await openDocker();
  for (const name of environments) {
    const answer = await testedAvailability(docker.runtime, name);
    if (!answer.available) return answer;
  }
  return await testedAvailability(docker.runtime);
}
