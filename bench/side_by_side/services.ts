import { ApiClient } from "../../tests/support/api_client.ts";
import { DOCKER_HOST, dockerAvailability, openEngine } from "../../tests/support/docker.ts";
import { NOT_YET } from "../../tests/support/requirements.ts";
import { type ServiceProcess, startServiceProcess } from "../../tests/support/service_process.ts";
import { until } from "../../tests/support/until.ts";
import { installedVariables } from "./installed.ts";

const FLAGS = ["--log-level", "warning"] as const;
const COLD = ["--warm-max", "0"] as const;
/** Longest time in which a compiler is prepared, in ms. */
const PREPARING_MS = 300_000;
/** Where the service finds its image for Python, the most wanted first. */
const PYTHON_IMAGES = ["python:3.13-slim-trixie", "codebeaker/python:"];

/** The services that are measured side by side. */
export interface Services extends AsyncDisposable {
  /** Without a warm pool. */
  readonly cold: ApiClient;
  /** With its default settings. */
  readonly warm: ApiClient;
  readonly warmProcess: ServiceProcess;
  /** The Engine's image for Python; undefined without an Engine. */
  readonly pythonImage: string | undefined;
}

/** Starts the services, with Docker where it is available. */
export async function openServices(): Promise<Services> {
  const { available } = await dockerAvailability("python");
  const env = { ...installedVariables(), ...(available ? { CODEBEAKER_DOCKER_HOST: DOCKER_HOST } : {}) };
  await using stack = new AsyncDisposableStack();
  const cold = stack.use(await startServiceProcess([...FLAGS, ...COLD], env));
  const warm = stack.use(await startServiceProcess(FLAGS, env));
  const owned = stack.move();
  return {
    cold: new ApiClient(cold),
    warm: new ApiClient(warm),
    warmProcess: warm,
    pythonImage: available ? await findPythonImage() : undefined,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Runs a program; returns whether it started warm. @throws as {@link checkEnd} */
export async function execute(client: ApiClient, request: Readonly<Record<string, unknown>>): Promise<boolean> {
  const execution = await client.json("POST", "/v1/executions", request);
  checkEnd(execution);
  return execution.warm;
}

/** Waits until a service runs programs in a language whose compiler it prepares first. */
export async function untilPrepared(client: ApiClient, request: Readonly<Record<string, unknown>>): Promise<void> {
  await until(
    async () => !NOT_YET.test(JSON.stringify(await client.json("POST", "/v1/executions", request))),
    `${request["language"]} is prepared`,
    { timeoutMs: PREPARING_MS },
  );
}

/** Checks the output of a program. @throws {Error} */
export function checkEnd(execution: { readonly stdout?: string }): void {
  if (execution.stdout !== "hello 42\n") throw new Error(`The program failed: ${JSON.stringify(execution)}`);
}

async function findPythonImage(): Promise<string> {
  const tags = (await openEngine().listImages()).flatMap(({ RepoTags }) => RepoTags ?? []);
  const found = PYTHON_IMAGES.flatMap((name) => tags.find((tag) => tag.startsWith(name)) ?? []);
  if (found[0] === undefined) throw new Error("The Engine has no image for Python");
  return found[0];
}
