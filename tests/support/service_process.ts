import { fromFileUrl } from "@std/path";
import project from "../../deno.json" with { type: "json" };
import { keepSelfTests, plantSelfTests } from "./kept_self_tests.ts";
import { NOT_YET } from "./requirements.ts";
import { until } from "./until.ts";
import { TextLineStream } from "./text_lines.ts";
import { WITHOUT_DOCKER } from "./variables.ts";

export const PROJECT = fromFileUrl(new URL("../../", import.meta.url));

/** The task `serve`, by the binary of the tests. */
export const SERVE: readonly string[] = [Deno.execPath(), ...project.tasks.serve.command.split(" ").slice(1)];

/** The command line, with the flags of every task, before its subcommand. */
export const COMMAND_LINE: readonly string[] = SERVE.slice(0, -1);

/** A service in a process of its own, on a free port and with a home of its own, with none of this process's environment. */
export interface ServiceProcess extends AsyncDisposable {
  readonly url: string;
  readonly process: Deno.ChildProcess;
  /** What it has logged so far. */
  log(): string;
  /** The lines that it has printed so far. */
  printed(): readonly string[];
}

/**
 * @param options.command how the service is started in place of the task, before its flags
 * @param options.cwd where, in place of the project's directory
 * @param options.through a command that becomes the service
 * @param options.mayLackRuntimes whether to start without waiting for runtimes that do not answer yet
 * @param options.testsItself whether its self-tests run though those of an earlier service have passed
 */
export async function startServiceProcess(
  args: readonly string[] = [],
  env: Record<string, string> = {},
  { command = SERVE, cwd = PROJECT, mayLackRuntimes = false, testsItself = false, through = [] }: {
    readonly command?: readonly string[];
    readonly cwd?: string;
    readonly through?: readonly string[];
    readonly mayLackRuntimes?: boolean;
    readonly testsItself?: boolean;
  } = {},
): Promise<ServiceProcess> {
  const own = await Deno.makeTempDir();
  const home = env["CODEBEAKER_HOME"] ?? own;
  if (!testsItself) await plantSelfTests(home);
  const [file = "", ...before] = [...through, ...command];
  const process = new Deno.Command(file, {
    args: [...before, "--port", "0", ...args],
    cwd,
    clearEnv: true,
    env: {
      PATH: "/usr/bin:/bin",
      HOME: Deno.env.get("HOME") ?? "/",
      ...keepDenoDir(),
      CODEBEAKER_HOME: own,
      CODEBEAKER_PROBE: "false", // Most tests count what runs.
      ...("DOCKER_HOST" in env ? {} : WITHOUT_DOCKER),
      ...env,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let logged = "";
  const logging = (async () => {
    for await (const line of process.stderr.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())) {
      logged += `${line}\n`;
    }
  })();
  const lines = process.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream()).getReader();
  const { value: first = "" } = await lines.read();
  const printed = [first];
  const url = /http:\/\/\S+?(?=,)/.exec(first)?.[0];
  if (url !== undefined && !mayLackRuntimes) printed.push((await lines.read()).value ?? ""); // All have answered.
  const draining = (async () => {
    for (let line = await lines.read(); !line.done; line = await lines.read()) printed.push(line.value);
  })();
  if (url === undefined) {
    end(process, "SIGKILL");
    await Promise.all([process.status, logging, draining]);
    await Deno.remove(own, { recursive: true });
    throw new Error(`The service did not start: ${first}${logged}`);
  }
  if (!mayLackRuntimes) {
    await untilAnswered({ url });
  }
  let ending: Promise<void> | undefined;
  async function dispose(): Promise<void> {
    end(process, "SIGTERM");
    await Promise.all([process.status, logging, draining]);
    await keepSelfTests(home);
    await Deno.remove(own, { recursive: true });
  }
  return {
    url,
    process,
    log: () => logged,
    printed: () => printed,
    [Symbol.asyncDispose]: () => ending ??= dispose(),
  };
}

/** Waits until every runtime of a service has answered, as none may on a busy machine at first. */
export async function untilAnswered({ url }: { readonly url: string }): Promise<void> {
  await until(
    async () => !NOT_YET.test(await (await fetch(`${url}/health/ready`)).text()),
    "the runtimes have answered",
  );
}

function end(process: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    process.kill(signal);
  } catch {
    // It has ended already, as some tests want it to.
  }
}

/** The npm packages are in the cache of whoever runs the tests. */
function keepDenoDir(): Record<string, string> {
  const directory = Deno.env.get("DENO_DIR");
  return directory === undefined ? {} : { DENO_DIR: directory };
}
