import type { EventSourceMessage } from "eventsource-parser/stream";
import { z } from "zod";
import { CodeBeakerError } from "../../core/errors.ts";
import type { Execution } from "../../core/execution.ts";
import type { CommandContext } from "../context.ts";
import { exitCodeOf, exitCodeOfSignal } from "../exit_code.ts";
import { type Output, writeText } from "../output.ts";
import { showEnd } from "../run/run_texts.ts";
import { executionSchema, problemSchema } from "./wire.ts";

/** The exit code for an execution that the service could not run. */
const EXIT_FAILURE = 1;

const textSchema = z.looseObject({ text: z.string() });
const displaySchema = z.looseObject({ data: z.record(z.string(), z.unknown()) });
const droppedSchema = z.looseObject({ stdout: z.number(), stderr: z.number(), displays: z.number() });

/** An event of an execution. */
export interface FollowedEvent {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: unknown;
}

/** Shows an event. Returns the exit code at the last one, or when the reader of the output is gone. */
export type ShowEvent = (event: FollowedEvent, context: CommandContext) => Promise<number | undefined>;

/**
 * Parses a server-sent event.
 *
 * @throws {CodeBeakerError} `internal`
 */
export function readEvent({ id, event = "", data }: EventSourceMessage): FollowedEvent {
  try {
    return { id, event, data: JSON.parse(data) };
  } catch (cause) {
    throw unreadable(event, cause);
  }
}

/** Shows an event as a line of JSON. */
export const showAsJson: ShowEvent = async (followed, { print }) => {
  if (!await print(JSON.stringify(followed))) return exitCodeOfSignal("SIGPIPE");
  if (followed.event === "error") return EXIT_FAILURE;
  return followed.event === "completed" ? exitCodeOf(read(executionSchema, followed).outcome) : undefined;
};

/** Shows a program's output unchanged, and everything else on stderr. */
export const showAsText: ShowEvent = async (followed, context) => {
  switch (followed.event) {
    case "stdout":
    case "stderr":
      return await write(context[followed.event], read(textSchema, followed).text);
    case "display":
      return await write(context.stdout, describeDisplay(read(displaySchema, followed).data));
    case "dropped":
      await context.printError(`codebeaker: ${describeDropped(read(droppedSchema, followed))}`);
      return undefined;
    case "completed":
      return await writeEnd(read(executionSchema, followed), context);
    case "error":
      await context.printError(`codebeaker: ${read(problemSchema, followed).detail}`);
      return EXIT_FAILURE;
    default: // The start, and events of a newer service.
      return undefined;
  }
};

async function write(output: Output, text: string): Promise<number | undefined> {
  return await writeText(output, text) ? undefined : exitCodeOfSignal("SIGPIPE");
}

async function writeEnd(execution: Execution, context: CommandContext): Promise<number> {
  await showEnd(execution, context);
  return exitCodeOf(execution.outcome);
}

/** Formats a display as its plain form, else as the names of its forms. */
function describeDisplay(bundle: Readonly<Record<string, unknown>>): string {
  const text = bundle["text/plain"];
  return typeof text === "string" ? `${text.replace(/\n$/, "")}\n` : `[${Object.keys(bundle).join(", ")}]\n`;
}

function describeDropped({ stdout, stderr, displays }: z.output<typeof droppedSchema>): string {
  const counts = { "bytes of stdout": stdout, "bytes of stderr": stderr, displays };
  const parts = Object.entries(counts).filter(([, count]) => count > 0).map(([what, count]) => `${count} ${what}`);
  return `not kept: ${parts.join(", ")}`;
}

/**
 * Checks the data of an event.
 *
 * @throws {CodeBeakerError} `internal`
 */
function read<Schema extends z.ZodType>(schema: Schema, { event, data }: FollowedEvent): z.output<Schema> {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  throw unreadable(event, parsed.error);
}

function unreadable(event: string, cause: unknown): CodeBeakerError {
  return new CodeBeakerError("internal", `Cannot read an event as the service gives it another form: ${event}`, {
    cause,
  });
}
