import { z } from "zod";
import { type MimeBundle, shownDisplays } from "../../../core/cell.ts";
import { type Execution, markedText } from "../../../core/execution.ts";
import type { ContentBlock, ToolResult } from "../tools/tool.ts";
import { fileUri, outputUri } from "./addresses.ts";
import { mimeTypeOf, toBlock } from "./file_content.ts";
import { IMAGE_TYPES, imageTypeOf, isBase64 } from "./image_type.ts";
import { describeDenial, describeOutcome, keepMore, type Retry } from "./outcome_text.ts";

/** Schema of an execution as data. What a model must not miss is in `notes` in words. */
export const executionOutput = z.object({
  session: z.string().optional().describe("The session where it ran. Pass it to go on with its files"),
  id: z.string(),
  language: z.string(),
  runtime: z.string(),
  outcome: z.looseObject({ kind: z.string() }).describe("How it ended; a limit carries its value"),
  exitCode: z.int().nullable(),
  stdout: z.string(),
  stderr: z.string(),
  compiler: z.string().optional().describe("What the compiler printed"),
  tests: z.array(z.looseObject({ name: z.string(), verdict: z.string() })).optional()
    .describe("The verdict of each test, with its own output"),
  value: z.string().optional().describe("The value of a cell's last expression, as its language shows it"),
  files: z.array(z.object({ path: z.string(), bytes: z.int(), mimeType: z.string() })).optional()
    .describe("Files that outputs asked for; their content stands beside this"),
  denials: z.array(z.looseObject({ kind: z.string(), target: z.string(), rule: z.string() }))
    .describe("What it was refused; remedy is the change of the call that allows it"),
  wallMs: z.number(),
  notes: z.array(z.string()).describe("What to know about this result, and what to do"),
});

/** The call that an execution answers. */
export interface ExecutionOptions {
  readonly tool: string;
  /** The session where it ran; absent for a program outside of sessions. */
  readonly session?: string;
}

/** Translates an execution. A program that fails is a result and no error. */
export function toExecutionResult(execution: Execution, { tool, session }: ExecutionOptions): ToolResult {
  const retry: Retry = { tool, isInSession: session !== undefined };
  const [stdout, stderr] = [markedText(execution, "stdout"), markedText(execution, "stderr")];
  const { compile, outcome, tests = [] } = execution;
  const compiler = compile === undefined ? "" : `${compile.stdout}${compile.stderr}`;
  const shown = displayedBlocks(execution);
  const value = execution.text;
  const notes = notesOf(execution, { retry, session });
  const isPlain = outcome.kind === "exited" && outcome.exitCode === 0;
  const isEmpty = tests.length === 0 && [stdout, stderr, compiler].every((text) => text === "") &&
    value === undefined && shown.length === 0;
  const text = [
    compiler === "" ? "" : `Compiler:\n${compiler.trimEnd()}`,
    describeTests(execution),
    stdout.trimEnd(),
    stderr === "" ? "" : `Standard error:\n${stderr.trimEnd()}`,
    value === undefined ? "" : `Value: ${value}`,
    isPlain && !isEmpty ? "" : describeOutcome(outcome, retry),
    ...notes,
  ].filter((part) => part !== "").join("\n\n");
  const files = (execution.outputFiles ?? []).map((file) => ({
    ...file,
    uri: session === undefined ? outputUri(execution.id, file.path) : fileUri(session, file.path),
  }));
  return {
    content: [{ type: "text", text }, ...shown, ...files.map(toBlock)],
    structuredContent: {
      ...(session === undefined ? {} : { session }),
      ...{ id: execution.id, language: execution.language, runtime: execution.runtime },
      ...{ outcome, exitCode: execution.exitCode, stdout, stderr },
      ...(compiler === "" ? {} : { compiler }),
      ...(tests.length === 0 ? {} : { tests }),
      ...(value === undefined ? {} : { value }),
      ...(files.length === 0
        ? {}
        : { files: files.map((file) => ({ path: file.path, bytes: file.bytes, mimeType: mimeTypeOf(file) })) }),
      denials: execution.denials,
      wallMs: execution.usage.wallMs,
      notes: isPlain ? notes : [describeOutcome(outcome, retry), ...notes],
    },
  };
}

/** One line for each test, and the output of those that were not accepted. */
function describeTests({ tests = [] }: Execution): string {
  return tests.flatMap(({ name, stderr, stdout, verdict }) => {
    const line = `Test ${name}: ${verdict}`;
    return verdict === "accepted" ? [line] : [line, ...[stdout, stderr].map((text) => text.trimEnd()).filter(Boolean)];
  }).join("\n");
}

function notesOf(
  { contextLost, denials, denialsOmitted, displaysOmitted, notes = [], outputFiles, outputFilesOmitted, truncated }:
    Execution,
  { retry, session }: { readonly retry: Retry; readonly session: string | undefined },
): string[] {
  const cut = (["stdout", "stderr"] as const).filter((stream) => truncated[stream] > 0);
  return [
    ...denials.map((denial) => describeDenial(denial, retry)),
    ...(denialsOmitted === undefined ? [] : [`${denialsOmitted} more accesses were denied.`]),
    ...notes.map(({ module, remedy }) => `The module ${module} is missing: ${remedy}.`),
    ...cut.map((stream) =>
      `${truncated[stream]} bytes of ${stream} are left out. Print less, or write to a file and read that in parts. ${
        keepMore(retry)
      }`
    ),
    ...(contextLost === undefined ? [] : ["The interpreter ended, and its variables are lost; files are still there."]),
    ...(displaysOmitted === undefined ? [] : [`${displaysOmitted} displays are left out: they were too long.`]),
    ...(outputFiles?.length === 0 && outputFilesOmitted === undefined ? ["No file matches outputs."] : []),
    ...(outputFilesOmitted === undefined ? [] : [
      `Files left out: ${outputFilesOmitted.count}${
        outputFilesOmitted.error === undefined ? "" : ` (${outputFilesOmitted.error})`
      }: ${outputFilesOmitted.paths.slice(0, 8).join(", ")}`,
    ]),
    ...(session === undefined ? [] : [`Session: ${session}`]),
  ];
}

/** The displays of a cell, and a value that is shown in several forms. */
function displayedBlocks({ displays = [], value, valueType }: Execution): ContentBlock[] {
  const bundles = [...shownDisplays(displays), ...(valueType === "mime" && isBundle(value) ? [value] : [])];
  return bundles.flatMap(toBlocks);
}

/** A display as an image, else in the form that a model reads best. */
function toBlocks(bundle: MimeBundle): ContentBlock[] {
  for (const type of IMAGE_TYPES) {
    const form = bundle[type];
    const data = typeof form === "string" ? form.replaceAll(/\s/g, "") : "";
    const mimeType = imageTypeOf(data);
    if (mimeType !== undefined && isBase64(data)) return [{ type: "image", data, mimeType }];
  }
  for (const type of ["text/markdown", "text/plain", "application/json", "image/svg+xml", "text/html"]) {
    const form = bundle[type];
    if (form !== undefined) return [{ type: "text", text: typeof form === "string" ? form : JSON.stringify(form) }];
  }
  return [{ type: "text", text: `A display of ${Object.keys(bundle).join(", ")}.` }];
}

function isBundle(value: unknown): value is MimeBundle {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
