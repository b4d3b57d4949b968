import { type Command, InvalidArgumentError, Option } from "commander";
import { loadConfig } from "../../config.ts";
import { CodeBeakerError } from "../../core/errors.ts";
import { LANGUAGE_NAMES } from "../../core/languages.ts";
import { PREFERENCES } from "../../core/answers/vocabulary.ts";
import { RUNTIMES } from "../../runtimes/registry.ts";
import type { CommandContext } from "../context.ts";
import { addSettings, runtimeSettings, settingsFor, suggest } from "../settings.ts";
import { findSource } from "./program_source.ts";
import { type RequestFlags, runOnce, runWatched } from "./run_program.ts";

const EXIT_CODES = `
Exit code: that of the program; 124 when it was ended at its deadline, as by
timeout(1); 128 and the number of the signal when a signal, a limit (as SIGKILL)
or Ctrl-C ended it; 1 when it cannot be run; 2 when the command line is wrong.
Flags of the program stand after its file. With --eval they stand after its
first argument, or after "--".`;

interface RunFlags extends RequestFlags {
  readonly eval?: string;
  readonly watch?: true;
  readonly [setting: string]: unknown;
}

/** Defines `codebeaker run`, which runs one program without a server. */
export function defineRun(command: Command, context: CommandContext): void {
  command
    .argument("[file]", 'the program, or "-" for standard input')
    .argument("[args...]", "arguments of the program")
    .passThroughOptions()
    .option("-e, --eval <code>", "the program itself, in place of a file")
    .addOption(
      suggest(
        new Option(
          "--language <name>",
          "what the code is written for (default: by the file's extension; typescript without a file)",
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
    .option("--explain", "print the selection to stderr")
    .option("--json", "print the answer of the service as JSON at the end, in place of what the program prints")
    .option("--watch", "run again when the file changes; Ctrl-C ends it. The program's stdin is empty")
    .addHelpText("after", EXIT_CODES);
  addSettings(command, [...settingsFor("run"), ...runtimeSettings()]);
  command.action(async (_file: unknown, _args: unknown, flags: RunFlags) =>
    context.setExitCode(await run(command.args, flags, context))
  );
}

async function run(operands: readonly string[], flags: RunFlags, context: CommandContext): Promise<number> {
  const { language, runtime, preference, minIsolation, allowNet, timeout, explain, json, ...others } = flags;
  const { eval: code, watch, ...settings } = others;
  const { source, args } = findSource(operands, code);
  const given = {
    ...{ source, args },
    flags: { language, runtime, preference, minIsolation, allowNet, timeout, explain, json },
    loadConfig: () => loadConfig(settings),
  };
  if (!watch) return await runOnce(given, context);
  if (source.kind === "file") return await runWatched({ ...given, path: source.path }, context);
  throw new CodeBeakerError("invalid_request", "Cannot watch a program without a file: name one, or leave out --watch");
}

/** A flag's number. */
function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}
