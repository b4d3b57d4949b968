import { invalidField } from "../../core/errors.ts";
import type { Program, RunOptions, RuntimeConfig } from "../port.ts";
import { WEB } from "./facts.ts";

/**
 * What a request gives its program and none sees here; undefined where there is nothing. In other languages the text of a
 * program tells whether it looks for arguments or stdin; variables tell more than a program reads of them: its time zone, and
 * the language of its texts.
 */
export function unseenOf(
  { environment, environmentVariables, inputs = [] }: Pick<
    RuntimeConfig,
    "environment" | "environmentVariables" | "inputs"
  >,
): string | undefined {
  const unseen = [
    ...(Object.keys(environmentVariables).length > 0 ? ["variables"] : []),
    ...(environment === WEB ? inputs : []),
  ];
  return unseen.length === 0 ? undefined : `its programs have no ${unseen.join(" and no ")}, and the request has some`;
}

/** Refuses what a program of a session is given and would not see. @throws {CodeBeakerError} `invalid_request` */
export function refuseUnseen(
  { args }: Extract<Program, { kind: "file" }>,
  { env, hasStdin = false }: Pick<RunOptions, "env" | "hasStdin">,
): void {
  if (args.length > 0) throw unseen("args", "arguments");
  if (Object.keys(env).length > 0) throw unseen("env", "variables");
  if (hasStdin) throw unseen("stdin", "stdin");
}

function unseen(field: string, what: string) {
  return invalidField(field, `Cannot give a program ${what} as no program of ${WEB} sees any: leave out ${field}`);
}

const NO_STDIN = new Error(`No program of ${WEB} has stdin`);

/** The stdin of a program that has none: whoever writes to it is told. */
export function closedStdin(): WritableStream<Uint8Array> {
  return new WritableStream({ start: (controller) => controller.error(NO_STDIN) });
}
