import { basename } from "@std/path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { composeCommand } from "../../compose/mod.ts";
import { loadConfig } from "../../config.ts";
import type { Denials } from "../../core/denials/denial.ts";
import { CodeBeakerError, messageOf } from "../../core/errors.ts";
import type { Outcome } from "../../core/execution.ts";
import { LANGUAGE_NAMES, languageOfFile } from "../../core/languages.ts";
import { LOCAL_USER } from "../../core/principal.ts";
import { parseExecutionRequest } from "../../core/requests/execution_request.ts";
import { PREFERENCES, type Selection } from "../../core/selection.ts";
import { readHosts } from "../../core/parsing/written_values.ts";
import { RUNTIMES } from "../../runtimes/registry.ts";
import type { CommandContext } from "../context.ts";
import { exitCodeOf, exitCodeOfSignal } from "../exit_code.ts";
import { interruptible, settledUnlessInterrupted } from "../interruptible.ts";
import { cannotWrite, formatTable, isUnread, printError, writeAll } from "../output.ts";
import { addSettings, runtimeSettings, settingsFor, suggest } from "../settings.ts";

/** The user of this command line. */
const CALLER = { principal: LOCAL_USER };

interface RunFlags {
  readonly language?: string;
  readonly runtime?: string;
  readonly preference?: string;
  readonly minIsolation?: number;
  readonly allowNet?: string;
  readonly timeout?: number;
  readonly explain?: true;
  readonly [setting: string]: unknown;
}

/** `codebeaker run FILE|-`: one program, no server. */
export function defineRun(command: Command, context: CommandContext): void {
  command
    .argument("<file>", 'the program, or "-" for standard input')
    .argument("[args...]", "arguments of the program")
    .passThroughOptions()
    .addOption(
      suggest(
        new Option(
          "--language <name>",
          "what the code is written for (default: by the file's ending; typescript from standard input)",
        ),
        LANGUAGE_NAMES,
      ),
    )
    .addOption(suggest(new Option("--runtime <name>", "force one runtime"), RUNTIMES.map(({ name }) => name)))
    .addOption(suggest(new Option("--preference <name>", PREFERENCES.join(", ")), PREFERENCES))
    .addOption(new Option("--min-isolation <level>", "isolation floor, 0 to 10").argParser(wholeNumber))
    .addOption(
      new Option(
        "--allow-net <hosts>",
        'hosts the program may reach, as "example.com,10.1.2.3:80"; "true" is the public internet',
      ),
    )
    .addOption(new Option("--timeout <ms>", "deadline").argParser(wholeNumber))
    .addOption(new Option("--explain", "print the selection to stderr"));
  addSettings(command, [...settingsFor("run"), ...runtimeSettings()]);
  command.action(async (file: string, args: string[], flags: RunFlags) =>
    context.setExitCode(await run({ file, args }, flags))
  );
}

async function run(
  { file, args }: { readonly file: string; readonly args: readonly string[] },
  flags: RunFlags,
): Promise<number> {
  const { language, runtime, preference, minIsolation, allowNet, timeout, explain, ...settings } = flags;
  const interrupt = interruptible();
  const request = parseExecutionRequest({
    ...await readProgram(file, language),
    args,
    ...(runtime === undefined ? {} : { runtime }),
    ...(preference === undefined ? {} : { preference }),
    ...(minIsolation === undefined ? {} : { minIsolation }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout }),
    ...(allowNet === undefined ? {} : { permissions: { allowNet: readHosts(allowNet) } }),
  });
  await using service = await composeCommand(await loadConfig(settings));
  // Nothing else uses this engine, so its self-tests may take their time; faults of the request are reported below.
  await settledUnlessInterrupted(service.selector.rank(request, { isPatient: true }), interrupt.signal);
  if (interrupt.signal.aborted) return exitCodeOfEnd(interrupt.signal);
  if (explain) await printError(explainSelection(await service.engine.select(CALLER, request)));
  try {
    const execution = await service.engine.execute(CALLER, request, {
      signal: interrupt.signal,
      onOutput: ({ stream, bytes }) =>
        writeAll(Deno[stream], bytes).catch((error: unknown) =>
          interrupt.abort(isUnread(error) ? "SIGPIPE" : cannotWrite(error))
        ),
      ...(file === "-" ? {} : { stdin: Deno.stdin.readable }),
    });
    if (interrupt.signal.aborted) return exitCodeOfEnd(interrupt.signal);
    await printDenials(execution);
    await printEnding(execution.outcome);
    return exitCodeOf(execution.outcome);
  } catch (error) {
    if (interrupt.signal.aborted) return exitCodeOfEnd(interrupt.signal);
    throw error;
  }
}

/** The exit code of a program that a signal, or a failed write of its output, ended. */
function exitCodeOfEnd({ reason }: AbortSignal): number {
  if (typeof reason === "string") return exitCodeOfSignal(reason);
  throw reason;
}

/** Reads the program, under its own name unless it comes from standard input. */
async function readProgram(file: string, language: string | undefined): Promise<Record<string, unknown>> {
  if (file === "-") {
    return { language: language ?? "typescript", code: await new Response(Deno.stdin.readable).text() };
  }
  const byEnding = languageOfFile(file);
  if (byEnding === undefined && language === undefined) {
    throw new CodeBeakerError(
      "invalid_request",
      `Cannot find out the language of ${file} by its ending: name it with --language`,
    );
  }
  const content = await readText(file);
  if (byEnding === undefined || language !== undefined) return { language, code: content };
  return { language: byEnding, files: [{ path: basename(file), content }], entrypoint: basename(file) };
}

async function readText(file: string): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (cause) {
    throw new CodeBeakerError("invalid_request", `Cannot read the program ${file}: ${messageOf(cause)}`, { cause });
  }
}

/** A flag's number. */
function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

/** Prints denials on stderr, each with its remedy. */
async function printDenials({ denials, denialsOmitted = 0 }: Denials): Promise<void> {
  for (const { kind, target, at, rule, remedy } of denials) {
    const place = at === undefined ? "" : ` at ${at}`;
    await printError(`codebeaker: denied: ${kind} ${target}${place} (${remedy ?? rule})`);
  }
  if (denialsOmitted > 0) await printError(`codebeaker: denied: ${denialsOmitted} more`);
}

/** Prints an outcome other than an exit on stderr. */
async function printEnding(outcome: Outcome): Promise<void> {
  if (outcome.kind === "exited") return;
  const { kind, ...facts } = outcome;
  const shown = Object.entries(facts).map(([name, value]) => `${name} ${value}`).join(", ");
  await printError(`codebeaker: ${kind}${shown === "" ? "" : ` (${shown})`}`);
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
