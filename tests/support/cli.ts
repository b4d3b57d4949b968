import $ from "@david/dax";
import type { Surroundings } from "../../src/cli/context.ts";
import { runCli } from "../../src/cli/mod.ts";
import type { Output } from "../../src/cli/output.ts";
import { keepSelfTests, plantSelfTests } from "./kept_self_tests.ts";
import { COMMAND_LINE, PROJECT } from "./service_process.ts";
import { until } from "./until.ts";
import { CHILD_SETTINGS, DENO_ALONE, withoutProjectVariables, withVariables } from "./variables.ts";

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line in a process of its own. */
export async function runCommandLine(
  args: readonly string[],
  options: { stdin?: string; env?: Record<string, string> } = {},
): Promise<CliResult> {
  await plantSelfTests(CHILD_SETTINGS.CODEBEAKER_HOME);
  const command = $`${COMMAND_LINE} ${args}`
    .cwd(PROJECT)
    .env({ CODEBEAKER_REQUIRE: undefined, ...CHILD_SETTINGS, ...options.env })
    .stdinText(options.stdin ?? "")
    .stdout("piped")
    .stderr("piped")
    .noThrow();
  const { code, stdout, stderr } = await command;
  return { code, stdout, stderr };
}

/** Runs the command line with its stdout in a file or a device. */
export async function runInto(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly stderr: string }> {
  const { code, stderr } = await new Deno.Command("/bin/sh", {
    args: ["-c", 'exec "$0" "$@" > "$INTO"', ...COMMAND_LINE, ...args],
    cwd: PROJECT,
    clearEnv: true,
    env: { ...withoutProjectVariables(), ...env, INTO: file },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}

/** Starts the command line without a reader of its stdout; `errors` is what it writes to stderr. */
export async function startUnread(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly child: Deno.ChildProcess; readonly errors: Promise<string> }> {
  const child = spawnCommandLine(args, env);
  const errors = new Response(child.stderr).text();
  await child.stdout.cancel();
  return { child, errors };
}

/** A command line that runs. Disposing ends it. */
export interface RunningCommandLine extends AsyncDisposable {
  /** Waits until it has written this to stdout. */
  printed(text: string): Promise<void>;
  /** Waits until it has written this to stderr. */
  reported(text: string): Promise<void>;
  kill(signal: Deno.Signal): void;
  readonly ended: Promise<CliResult>;
}

/** Starts the command line with Deno in a process of its own. */
export async function startCommandLine(args: readonly string[]): Promise<RunningCommandLine> {
  await plantSelfTests(CHILD_SETTINGS.CODEBEAKER_HOME);
  const child = spawnCommandLine(args, DENO_ALONE);
  const texts = { stdout: "", stderr: "" };
  const reading = (["stdout", "stderr"] as const).map(async (name) => {
    for await (const text of child[name].pipeThrough(new TextDecoderStream())) texts[name] += text;
  });
  const ended = Promise.all([child.status, ...reading]).then(([{ code }]) => ({ code, ...texts }));
  const has = (name: keyof typeof texts, text: string) =>
    until(() => Promise.resolve(texts[name].includes(text)), `the command line has written ${JSON.stringify(text)}`);
  return {
    printed: (text) => has("stdout", text),
    reported: (text) => has("stderr", text),
    kill: (signal) => child.kill(signal),
    ended,
    [Symbol.asyncDispose]: async () => {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended by itself.
      }
      await ended;
    },
  };
}

/** Starts the command line in a process of its own, without stdin. */
export function spawnCommandLine(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Deno.ChildProcess {
  const [file = "", ...before] = COMMAND_LINE;
  return new Deno.Command(file, {
    args: [...before, ...args],
    cwd: PROJECT,
    clearEnv: true,
    env: { ...withoutProjectVariables(), ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** What stands around a command line in this process. */
interface HereOptions {
  /** Answers in the place of a service. */
  readonly fetch?: Surroundings["fetch"];
  readonly isTerminal?: boolean;
  readonly stdin?: string;
  /** Where it writes; absent, its result holds what it wrote. */
  readonly stdout?: Pick<Output, "write">;
}

/** Runs the command line in this process. */
export async function runHere(
  args: readonly string[],
  { fetch = () => Promise.reject(new Error("no service is expected")), isTerminal = false, stdin = "", stdout }:
    HereOptions = {},
): Promise<CliResult> {
  const texts = { stdout: "", stderr: "" };
  const outputTo = (name: keyof typeof texts): Output => {
    const decoder = new TextDecoder();
    return {
      write: (bytes) => {
        texts[name] += decoder.decode(bytes, { stream: true });
        return Promise.resolve(bytes.length);
      },
      isTerminal: () => isTerminal,
    };
  };
  const code = await runCli(args, {
    stdout: { ...outputTo("stdout"), ...(stdout && { write: (bytes) => stdout.write(bytes) }) },
    stderr: outputTo("stderr"),
    stdin: () => ReadableStream.from([new TextEncoder().encode(stdin)]),
    fetch,
  });
  return { code, ...texts };
}

/** Runs the command line in this process, with the settings of a child of it, and these variables; one at a time. */
export async function runAlone(
  args: readonly string[],
  { env = {}, ...options }: HereOptions & { readonly env?: Record<string, string> } = {},
): Promise<CliResult> {
  const { CODEBEAKER_HOME } = CHILD_SETTINGS;
  await plantSelfTests(CODEBEAKER_HOME);
  const result = await withVariables({ ...CHILD_SETTINGS, ...env }, () => runHere(args, options));
  await keepSelfTests(CODEBEAKER_HOME);
  return result;
}

/** Asks an app as the command line asks a service on this machine. */
export function fetchFrom(
  app: { request(url: string, init: RequestInit, info: unknown): Response | Promise<Response> },
): Surroundings["fetch"] {
  const info = { remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 1 } };
  return async (url, init) => await app.request(url, init, info);
}
