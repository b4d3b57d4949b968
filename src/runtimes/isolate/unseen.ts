import { invalidField } from "../../core/errors.ts";
import type { Program, RunOptions, RuntimeConfig } from "../port.ts";
import { WEB } from "./facts.ts";

/**
 * Why a program would not see every input of its request; undefined where it would. In other languages, a program's
 * text shows whether it looks for arguments or stdin. Variables have effects beyond that: they set a program's time
 * zone, and the language of its texts.
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

/** Refuses inputs that a program of a session would not see. @throws {CodeBeakerError} `invalid_request` */
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

/** The stdin of a program that has none. Writing to it fails. */
export function closedStdin(): WritableStream<Uint8Array> {
  return new WritableStream({ start: (controller) => controller.error(NO_STDIN) });
}
