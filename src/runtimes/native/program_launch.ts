import { join } from "@std/path";
import type { Limits } from "../../core/limits.ts";
import type { Mount } from "../../sandbox/mount.ts";
import { commandLaunch, waitingCommandLaunch } from "../process/command_launch.ts";
import { PREBUILT_NAME } from "../process/compiling/prebuilt.ts";
import type { ContextProgram, FileProgram, Launch, LaunchSite } from "../process/launch.ts";
import type { PackageSpec } from "../process/spec.ts";
import { type FoundWaiter, waitingLaunch } from "../process/waiter.ts";
import type { LanguageRow } from "./languages/row.ts";

/** A directory of the environment for shared memory. */
export const SHARED_MEMORY = "shm";

/** A language as it is on this machine. */
export interface FoundLanguage {
  readonly row: LanguageRow;
  readonly packages: PackageSpec | undefined;
  readonly waiter: FoundWaiter | undefined;
  readonly binary: string;
}

/** Launches a file, or first its compiler; without a file, an interpreter. */
export function launchFile(
  site: LaunchSite,
  { args = [], compileArgs = [], output, path = ".", sources = [], workingDirectory = ".", ...program }:
    & ContextProgram
    & Partial<FileProgram>,
  language: FoundLanguage,
): Launch {
  const { binary, row, waiter } = language;
  const { mounts } = site;
  const prebuilt = mounts.module(PREBUILT_NAME);
  const places = {
    binary,
    file: join(mounts.workspace.target, path),
    output: output?.target ?? "",
    prebuilt: prebuilt.target,
    heapMb: String(heapMbOf(program.limits)),
  };
  const lists: Readonly<Record<string, readonly string[]>> = {
    "{sources}": sources.filter((other) => other !== path && isSource(other, row)).map((file) =>
      join(mounts.workspace.target, file)
    ),
    "{compileArgs}": compileArgs,
  };
  const launch = (
    words: readonly string[],
    { begin = waitingCommandLaunch, rest = [], seen = [] }: {
      readonly begin?: typeof commandLaunch;
      readonly rest?: readonly string[];
      readonly seen?: readonly Mount[];
    },
  ): Launch => {
    const commandOf = (line: readonly string[]) => {
      const [command = binary, ...own] = line.flatMap((word) => lists[word] ?? [fillIn(word, places)]);
      return { command, args: [...own, ...rest] };
    };
    const line = { ...commandOf(words), ...program, workingDirectory };
    const base = waiter === undefined || begin === commandLaunch
      ? begin(site, line)
      : waitingLaunch(site, line, { path, waiter, waiting: commandOf(waiter.run ?? words) });
    const launched = surround(base, site, { ...language, output: output?.target });
    return { ...launched, mounts: [...launched.mounts, ...seen] };
  };
  const made = row.prebuilt === undefined ? [] : [prebuilt];
  if (row.compile === undefined || output === undefined) return launch(row.run, { rest: args, seen: made });
  const rest = row.compile.includes("{compileArgs}") ? [] : compileArgs;
  const compile = launch(row.compile, { rest, seen: [output, ...made] });
  return {
    ...launch(row.run, { begin: commandLaunch, rest: args, seen: [{ ...output, access: "execute" }] }),
    // A compiler that is killed leaves its temporary files: they are removed with its output.
    compile: { ...compile, ownVariables: { ...compile.ownVariables, TMPDIR: output.target } },
  };
}

/** Adds the variables, mounts and files that a language needs to a launch. */
export function surround(
  launch: Launch,
  { mounts }: LaunchSite,
  { output = mounts.temporary.target, packages, row: { etcPaths, variables = {} }, waiter }:
    & Omit<FoundLanguage, "binary">
    & { readonly output?: string | undefined },
): Launch {
  const own = Object.entries(variables).map(([name, value]) => [name, fillIn(value, { output })]);
  return {
    ...launch,
    ownVariables: { ...launch.ownVariables, ...Object.fromEntries(own) },
    mounts: [
      ...launch.mounts,
      { ...mounts.directory(SHARED_MEMORY), target: "/dev/shm" },
      ...(packages === undefined ? [] : [{ ...mounts.directory(packages.tree[0]), access: "read" } as const]),
    ],
    ...(etcPaths === undefined ? {} : { etcPaths }),
    ...(waiter === undefined ? {} : { etcTexts: waiter.texts }),
  };
}

/** Whether the compiler of a language takes a file along. */
function isSource(path: string, { sources = [] }: LanguageRow): boolean {
  return sources.some((extension) => path.endsWith(extension));
}

/** Fills the places into a word of a command line or a variable's value. */
function fillIn(word: string, places: Readonly<Record<string, string>>): string {
  return word.replace(/\{(binary|file|output|prebuilt|heapMb)\}/g, (whole, name: string) => places[name] ?? whole);
}

/** The memory for a heap of fixed size, in MB. The rest is left to the virtual machine beside it. */
function heapMbOf({ memoryMb }: Limits): number {
  return Math.max(16, Math.round(memoryMb * 0.75) - 16);
}
