import { invalidField } from "../../core/errors.ts";

/** An argument of a prompt; every value is text. */
interface PromptArgument {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
}

/** A text that tells a model how to use the tools. A user picks it. */
interface Prompt {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly arguments: readonly PromptArgument[];
  write(given: Readonly<Record<string, string>>): string;
}

const LANGUAGE: PromptArgument = {
  name: "language",
  description: "What the program is written for, such as python",
  required: false,
};

const PROMPTS: readonly Prompt[] = [
  {
    name: "solve_with_code",
    title: "Solve a task by running code",
    description: "Writes a program for a task, runs it, and answers from what it prints",
    arguments: [{ name: "task", description: "What to find out or to make", required: true }, LANGUAGE],
    write: ({ task = "", language = "python" }) =>
      `Solve this task by running code in a sandbox, and not by reasoning alone:

${task}

1. Call run_code with language "${language}" and a short program that prints what you need. For several steps with the same data, pass session "new" the first time, and then the session of the result; cell true keeps variables too.
2. Put input into the session with write_file. Ask for files that the program makes with outputs.
3. When the result says that something was denied, decide whether the task needs it. If so, call again as the note says, and tell me.
4. When a program fails, read its standard error, mend it and run it again, three times at most.
5. Answer from what the programs printed, and show the numbers that your answer rests on.`,
  },
  {
    name: "fix_program",
    title: "Fix a program",
    description: "Runs a program, and mends it until it does what it should",
    arguments: [
      { name: "code", description: "The program", required: true },
      LANGUAGE,
      { name: "expected", description: "What it should do", required: false },
    ],
    write: ({ code = "", language = "python", expected = "It should run without an error." }) =>
      `This ${language} program does not do what it should. ${expected}

${fenced(code, language)}

1. Run it as it is with run_code and language "${language}", and read what it prints.
2. Change as little as you can, and run it again until it does what it should. Check its output, not only its exit code.
3. Show the changed program, name the cause in one sentence, and quote the output that proves it.`,
  },
];

/** The prompts as `prompts/list` shows them. */
export const PROMPT_LIST = PROMPTS.map(({ write: _, ...shown }) => ({
  ...shown,
  arguments: [...shown.arguments],
}));

/**
 * Writes a prompt.
 *
 * @throws {CodeBeakerError} `invalid_request` for an unknown prompt, or one without a required argument
 */
export function writePrompt(name: string, given: Readonly<Record<string, string>>) {
  const prompt = PROMPTS.find((known) => known.name === name);
  if (prompt === undefined) {
    throw invalidField("name", `Unknown prompt (known: ${PROMPTS.map((known) => known.name).join(", ")})`);
  }
  const missing = prompt.arguments.find((argument) => argument.required && !Object.hasOwn(given, argument.name));
  if (missing !== undefined) throw invalidField(missing.name, `The prompt ${name} needs the argument ${missing.name}`);
  const text = prompt.write(given);
  return {
    description: prompt.description,
    messages: [{ role: "user" as const, content: { type: "text" as const, text } }],
  };
}

/** Puts code between fences that it does not hold. */
function fenced(code: string, language: string): string {
  const longest = Math.max(2, ...[...code.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${code}\n${fence}`;
}
