import { extname } from "@std/path";
import { type Command, Option } from "commander";
import { composeService } from "../compose.ts";
import { loadConfig } from "../config.ts";
import { CodeBeakerError, messageOf } from "../core/errors.ts";
import type { Outcome } from "../core/execution.ts";
import { languageOfFile } from "../core/languages.ts";
import { parseExecutionRequest } from "../core/request.ts";
import { PREFERENCES, type Selection } from "../core/selection.ts";
import { formatTable, printError, writeAll } from "./output.ts";
import { addSettings } from "./settings.ts";

/** What shells and timeout(1) report for a program that was ended at its deadline, and by signal n (128 + n). */
const EXIT_TIMED_OUT = 124;
const EXIT_KILLED = 137;
const SIGNAL_NUMBERS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGABRT: 6,
  SIGTRAP: 5,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
};

/** Signals that end a run; the program is cancelled, and nothing is left behind. */
const INTERRUPTS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

interface RunFlags {
  readonly language?: string;
  readonly runtime?: string;
  readonly preference?: string;
  readonly minIsolation?: string;
  readonly allowNet?: string;
  readonly timeout?: string;
  readonly explain?: true;
  readonly [setting: string]: unknown;
}

/** `codebeaker run FILE|-`: one program, no server. */
export function addRunCommand(program: Command, setExitCode: (code: number) => void): void {
  const command = program.command("run")
    .description("select a runtime and run one program")
    .argument("<file>", 'the program, or "-" for standard input')
    .argument("[args...]", "arguments of the program")
    .passThroughOptions()
    .addOption(
      new Option("--language <name>", "what the code is written for (default: by the file's ending, else typescript)"),
    )
    .addOption(new Option("--runtime <name>", "force one runtime"))
    .addOption(new Option("--preference <name>", PREFERENCES.join(", ")))
    .addOption(new Option("--min-isolation <level>", "isolation floor, 0 to 10"))
    .addOption(
      new Option(
        "--allow-net <hosts>",
        'hosts the program may reach, as "example.com,10.1.2.3:80"; "true" is the public internet',
      ),
    )
    .addOption(new Option("--timeout <ms>", "deadline"))
    .addOption(new Option("--explain", "print the selection to stderr"));
  addSettings(command, ["readRoots", "writeRoots", "openNetworks", "denoBinary", "scratch"]);
  command.action(async (file: string, args: string[], flags: RunFlags) => setExitCode(await run(file, args, flags)));
}

async function run(file: string, args: readonly string[], flags: RunFlags): Promise<number> {
  const { language, runtime, preference, minIsolation, allowNet, timeout, explain, ...settings } = flags;
  const request = parseExecutionRequest({
    language: language ?? languageOf(file),
    code: await readProgram(file),
    args,
    ...(runtime === undefined ? {} : { runtime }),
    ...(preference === undefined ? {} : { preference }),
    ...(minIsolation === undefined ? {} : { minIsolation: wholeNumber(minIsolation) }),
    ...(timeout === undefined ? {} : { timeoutMs: wholeNumber(timeout) }),
    ...(allowNet === undefined ? {} : { permissions: { allowNet: allowNet === "true" || allowNet.split(",") } }),
  });
  await using service = await composeService(await loadConfig(settings));
  if (explain) await printError(explainSelection(await service.engine.select(request)));
  const interrupt = interruptible();
  const { outcome } = await service.engine.execute(request, {
    signal: interrupt.signal,
    onOutput: ({ stream, bytes }) => writeAll(Deno[stream], bytes).catch(() => interrupt.abort("SIGPIPE")),
    ...(file === "-" ? {} : { stdin: Deno.stdin.readable }),
  });
  return interrupt.signal.aborted ? exitCodeOf(interrupt.signal.reason) : await report(outcome);
}

/** Aborts, with the signal's name as the reason, when this process is told to end. */
function interruptible(): AbortController {
  const interrupt = new AbortController();
  for (const signal of INTERRUPTS) Deno.addSignalListener(signal, () => interrupt.abort(signal));
  return interrupt;
}

function exitCodeOf(signal: string): number {
  return 128 + (SIGNAL_NUMBERS[signal] ?? 9);
}

async function readProgram(file: string): Promise<string> {
  if (file === "-") return await new Response(Deno.stdin.readable).text();
  try {
    return await Deno.readTextFile(file);
  } catch (cause) {
    throw new CodeBeakerError("invalid_request", `Cannot read the program ${file}: ${messageOf(cause)}`, { cause });
  }
}

/** A flag's number; what is none is passed on as it is, and told by the check of the request. */
function wholeNumber(text: string): number | string {
  return /^\d+$/.test(text) ? Number(text) : text;
}

function languageOf(file: string): string {
  const language = languageOfFile(file);
  if (language !== undefined) return language;
  if (extname(file) === "") return "typescript";
  throw new CodeBeakerError(
    "invalid_request",
    `Cannot tell the language of ${file} by its ending: name it with --language`,
  );
}

/** The exit code of an ending; what is no exit is said on stderr. */
async function report(outcome: Outcome): Promise<number> {
  if (outcome.kind === "exited") return outcome.exitCode;
  const { kind, ...facts } = outcome;
  const shown = Object.entries(facts).map(([name, value]) => `${name} ${value}`).join(", ");
  await printError(`codebeaker: ${kind}${shown === "" ? "" : ` (${shown})`}`);
  switch (outcome.kind) {
    case "signaled":
      return exitCodeOf(outcome.signal);
    case "timed_out":
      return EXIT_TIMED_OUT;
    default:
      return EXIT_KILLED;
  }
}

function explainSelection({ chosen, preference, floor, candidates }: Selection): string {
  const rows = candidates.map(({ runtime, score, inputs, rejectedBecause }) => [
    runtime,
    rejectedBecause === undefined
      ? `score ${score?.toFixed(2)}`
      : `rejected (${rejectedBecause.code}): ${rejectedBecause.detail}`,
    `${inputs.startupMs} ms, ${inputs.memoryMb} MB, isolation ${inputs.isolationLevel} (${inputs.source})`,
  ]);
  return `Chosen: ${chosen ?? "none"} (preference ${preference}, isolation floor ${floor})\n${
    formatTable(["RUNTIME", "RESULT", "INPUTS"], rows)
  }`;
}
