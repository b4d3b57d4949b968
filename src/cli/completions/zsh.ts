import { type Candidate, type CommandRow, quoteWord, transitions, valuePatterns } from "./command_table.ts";

/** Makes the completions of a command line for zsh. Where no word is known, zsh completes file names. */
export function zshCompletions(name: string, table: readonly CommandRow[]): string {
  return `#compdef ${name}
# zsh completions of ${name}
_${name}() {
  local at="" index previous="$words[CURRENT - 1]"
  local -a flags others values
  for ((index = 2; index < CURRENT; index++)); do
    case "$at|$words[index]" in
${
    transitions(table).map(({ from, word, to }) => `      ${quoteWord(`${from}|${word}`)}) at=${quoteWord(to)} ;;`)
      .join("\n")
  }
    esac
  done
  if [[ "$PREFIX" == --*=* ]]; then
    previous="\${PREFIX%%=*}"
    compset -P '*='
  fi
  case "$at|$previous" in
${table.flatMap(valueCases).join("\n")}
  esac
  case "$at" in
${table.map(wordCase).join("\n")}
  esac
  if [[ "$PREFIX" == -* ]]; then
    _describe -o flag flags
  elif ((\${#others})); then
    _describe word others
  else
    _files
  fi
}
if [[ "$funcstack[1]" == "_${name}" ]]; then _${name} "$@"; else compdef _${name} ${name}; fi`;
}

/** The cases for a flag before the cursor that takes a value. */
function valueCases(row: CommandRow): string[] {
  return valuePatterns(row).map(({ patterns, values }) => {
    const action = values.length === 0
      ? "_files"
      : `values=(${values.map((value) => quoteWord(value)).join(" ")}); _describe value values`;
    return `    ${patterns}) ${action}; return ;;`;
  });
}

/** The case for a new word after a command. */
function wordCase({ flags, path, subcommands, words }: CommandRow): string {
  const spelled = flags.flatMap(({ description, spellings }) => spellings.map((word) => ({ word, description })));
  const others = [...subcommands, ...words.map((word) => ({ word, description: "" }))];
  return `    ${quoteWord(path)}) flags=(${describe(spelled)}); others=(${describe(others)}) ;;`;
}

/** Formats words with their descriptions for `_describe`. */
function describe(candidates: readonly Candidate[]): string {
  return candidates
    .map(({ word, description }) => quoteWord(description === "" ? word : `${word}:${description}`))
    .join(" ");
}
