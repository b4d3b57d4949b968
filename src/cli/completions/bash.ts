import { type CommandRow, quoteWord, transitions, valuePatterns } from "./command_table.ts";

/** Makes the completions of a command line for bash. Where no word is known, bash completes file names. */
export function bashCompletions(name: string, table: readonly CommandRow[]): string {
  return `# bash completions of ${name}
_${name}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD - 1]}" at="" index words=""
  COMPREPLY=()
  # bash makes words of their own of "=" and of what follows it.
  if [[ "$current" == "=" ]]; then
    current=""
  elif [[ "$previous" == "=" ]]; then
    previous="\${COMP_WORDS[COMP_CWORD - 2]}"
  fi
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "$at|\${COMP_WORDS[index]}" in
${
    transitions(table).map(({ from, word, to }) => `      ${quoteWord(`${from}|${word}`)}) at=${quoteWord(to)} ;;`)
      .join("\n")
  }
    esac
  done
  case "$at|$previous" in
${table.flatMap(valueCases).join("\n")}
    *)
      case "$at" in
${table.map(wordCase).join("\n")}
      esac
      ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _${name} ${name}`;
}

/** The cases for a flag before the cursor that takes a value. */
function valueCases(row: CommandRow): string[] {
  return valuePatterns(row).map(({ patterns, values }) => `    ${patterns}) words=${quoteWord(values.join(" "))} ;;`);
}

/** The case for a new word after a command. */
function wordCase({ flags, path, subcommands, words }: CommandRow): string {
  const others = [...subcommands.map(({ word }) => word), ...words].join(" ");
  const spellings = flags.flatMap((flag) => flag.spellings).join(" ");
  return `        ${quoteWord(path)}) if [[ "$current" == -* ]]; then words=${quoteWord(spellings)}; else words=${
    quoteWord(others)
  }; fi ;;`;
}
