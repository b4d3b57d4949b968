import type { Command, Option } from "commander";

/** A word that may come next, and its description. */
export interface Candidate {
  readonly word: string;
  readonly description: string;
}

/** A flag as completions see it. */
export interface FlagRow {
  /** Every spelling, for example `-e` and `--eval`. */
  readonly spellings: readonly string[];
  readonly description: string;
  readonly takesValue: boolean;
  /** The possible values; empty where any text may be one. */
  readonly values: readonly string[];
}

/** A command or subcommand, and the words that may follow it. */
export interface CommandRow {
  /** The subcommands that lead to the command, joined by blanks. Empty for the command line itself. */
  readonly path: string;
  readonly subcommands: readonly Candidate[];
  readonly flags: readonly FlagRow[];
  /** The words that the arguments may be; empty where any text may be one. */
  readonly words: readonly string[];
}

/** Every command of a command line, each before its subcommands. */
export function commandTable(command: Command, path: readonly string[] = []): CommandRow[] {
  const help = command.createHelp();
  const subcommands = help.visibleCommands(command);
  const row = {
    path: path.join(" "),
    subcommands: subcommands.map((subcommand) => ({
      word: subcommand.name(),
      description: firstLine(subcommand.description()),
    })),
    flags: help.visibleOptions(command).map(toFlagRow),
    words: command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices),
  };
  const nested = subcommands.filter((subcommand) => command.commands.includes(subcommand));
  return [row, ...nested.flatMap((subcommand) => commandTable(subcommand, [...path, subcommand.name()]))];
}

function toFlagRow({ argChoices = [], description, long, optional, required, short }: Option): FlagRow {
  return {
    spellings: [short, long].filter((spelling) => spelling !== undefined && spelling !== null),
    description: firstLine(description),
    takesValue: required || optional,
    values: argChoices,
  };
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}

/** Lists each path that a word leads to from the path before it. */
export function transitions(table: readonly CommandRow[]): { readonly from: string; word: string; to: string }[] {
  const paths = new Set(table.map(({ path }) => path));
  return table.flatMap(({ path, subcommands }) =>
    subcommands.map(({ word }) => ({ from: path, word, to: path === "" ? word : `${path} ${word}` }))
  ).filter(({ to }) => paths.has(to));
}

/** Makes patterns `PATH|FLAG` for a command's flags with a value. Flags that take any text come last, together. */
export function valuePatterns({ flags, path }: CommandRow): { readonly patterns: string; values: readonly string[] }[] {
  const takers = flags.filter(({ takesValue }) => takesValue);
  const patternsOf = (given: readonly FlagRow[]) =>
    given.flatMap(({ spellings }) => spellings).map((spelling) => quoteWord(`${path}|${spelling}`)).join(" | ");
  const free = takers.filter(({ values }) => values.length === 0);
  return [
    ...takers.filter(({ values }) => values.length > 0).map((flag) => ({
      patterns: patternsOf([flag]),
      values: flag.values,
    })),
    ...(free.length === 0 ? [] : [{ patterns: patternsOf(free), values: [] }]),
  ];
}

/** Quotes text as one word of a shell, in single quotes. */
export function quoteWord(text: string, escapedQuote = `'\\''`): string {
  return `'${text.replaceAll("'", escapedQuote)}'`;
}
