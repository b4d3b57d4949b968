import { parse as parseJsonc } from "@std/jsonc";
import { findCommand } from "../../src/commands/mod.ts";
import { SETTINGS } from "../../src/config.ts";
import { parseCell, parseContextRequest } from "../../src/core/requests/cell_request.ts";
import { parseExecutionRequest } from "../../src/core/requests/execution_request.ts";
import { parseSelectionRequest } from "../../src/core/requests/selection_request.ts";
import {
  parseSessionChanges,
  parseSessionExecution,
  parseSessionRequest,
} from "../../src/core/requests/session_request.ts";
import { parseSettings } from "../../src/core/settings.ts";
import type { Block } from "./page.ts";

/** What reads a block of JSON with comments, by the block's first line. */
const READERS: Readonly<Record<string, (value: unknown) => unknown>> = {
  "POST /v1/executions": parseExecutionRequest,
  "POST /v1/sessions": parseSessionRequest,
  "PATCH /v1/sessions/{id}": parseSessionChanges,
  "POST /v1/sessions/{id}/executions": parseSessionExecution,
  "POST /v1/sessions/{id}/commands": findCommand,
  "POST /v1/sessions/{id}/contexts": parseContextRequest,
  "POST /v1/sessions/{id}/contexts/{cid}/executions": parseCell,
  "POST /v1/runtimes/select": parseSelectionRequest,
  "codebeaker.json": (value) => parseSettings(SETTINGS, value, { what: "the example" }),
};

/** Reads a block of JSON with comments as the service does. @throws what the service throws for a wrong request */
export function readRequest({ text }: Pick<Block, "text">): void {
  const [, title = ""] = /^\/\/ (.*)\n/.exec(text) ?? [];
  const read = READERS[title];
  if (read === undefined) throw new Error(`The first line must be one of // ${Object.keys(READERS).join(", // ")}`);
  read(parseJsonc(text));
}
