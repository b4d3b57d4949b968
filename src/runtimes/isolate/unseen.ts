import { invalidField } from "../../core/errors.ts";
import type { InputLack, Program, RunOptions, RuntimeConfig } from "../port.ts";
import { WEB } from "./facts.ts";

/** The fields of requests that have an input. */
const FIELD_OF = { arguments: "args", stdin: "stdin", variables: "env" } as const;

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
): InputLack | undefined {
  const unseen = [
    ...(Object.keys(environmentVariables).length > 0 ? ["variables"] as const : []),
    ...(environment === WEB ? inputs : []),
  ];
  if (unseen.length === 0) return undefined;
  return {
    detail: `its programs have no ${unseen.join(" and no ")}, and the request has some`,
    fields: unseen.map((input) => FIELD_OF[input]),
  };
}

/** Refuses inputs that a program of a session would not see. @throws {CodeBeakerError} `invalid_request` */
export function refuseUnseen(
  { args }: Extract<Program, { kind: "file" }>,
  { env, hasStdin = false }: Pick<RunOptions, "env" | "hasStdin">,
): void {
  if (args.length > 0) throw unseen("arguments");
  if (Object.keys(env).length > 0) throw unseen("variables");
  if (hasStdin) throw unseen("stdin");
}

function unseen(input: keyof typeof FIELD_OF) {
  const field = FIELD_OF[input];
  return invalidField(field, `Cannot give a program ${input} as no program of ${WEB} sees any: leave out ${field}`);
}

const NO_STDIN = new Error(`No program of ${WEB} has stdin`);

/** The stdin of a program that has none. Writing to it fails. */
export function closedStdin(): WritableStream<Uint8Array> {
  return new WritableStream({ start: (controller) => controller.error(NO_STDIN) });
}
