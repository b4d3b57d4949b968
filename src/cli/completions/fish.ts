import { type CommandRow, type FlagRow, quoteWord, transitions } from "./command_table.ts";

/** Makes the completions of a command line for fish. Where no word is known, fish completes file names. */
export function fishCompletions(name: string, table: readonly CommandRow[]): string {
  return `# fish completions of ${name}
function __${name}_at
    set -l at ''
    for word in (commandline -opc)[2..]
        switch "$at|$word"
${
    transitions(table).map(({ from, word, to }) =>
      `            case ${quote(`${from}|${word}`)}\n                set at ${quote(to)}`
    ).join("\n")
  }
        end
    end
    test "$at" = "$argv"
end
complete -c ${name} -e
${table.flatMap((row) => completeLines(name, row)).join("\n")}`;
}

function completeLines(name: string, { flags, path, subcommands, words }: CommandRow): string[] {
  const start = `complete -c ${name} -n ${quote(`__${name}_at ${path}`.trimEnd())}`;
  const others = [...subcommands, ...words.map((word) => ({ word, description: "" }))];
  return [
    ...others.map(({ word, description }) => `${start} -f -a ${quote(word)}${describe(description)}`),
    ...flags.map((flag) => `${start} ${spell(flag)}${valueOf(flag)}${describe(flag.description)}`),
  ];
}

/** Formats the spellings for `complete`: `-s e -l eval`. */
function spell({ spellings }: FlagRow): string {
  return spellings.map((spelling) => spelling.startsWith("--") ? `-l ${spelling.slice(2)}` : `-s ${spelling.slice(1)}`)
    .join(" ");
}

function valueOf({ takesValue, values }: FlagRow): string {
  if (!takesValue) return "";
  return values.length === 0 ? " -r -F" : ` -x -a ${quote(values.join(" "))}`;
}

function describe(text: string): string {
  return text === "" ? "" : ` -d ${quote(text)}`;
}

/** Quotes text for fish. In single quotes of fish a backslash escapes, also itself. */
function quote(text: string): string {
  return quoteWord(text.replaceAll("\\", "\\\\"), "\\'");
}
