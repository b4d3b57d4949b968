import type { z } from "zod";
import type { Scope } from "../../core/principal.ts";
import { parseAs, strictObject } from "../../core/parsing/validation.ts";
import { checkScope } from "../auth/auth.ts";
import { translateParams } from "./legacy/translate_params.ts";
import type { CallContext } from "./call_context.ts";

/** One method: its name, what a key needs for it, and what it does with its parameters. */
export interface RpcMethod<Schema extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  /** Absent where any key will do. */
  readonly scope?: Scope;
  /** Whether it is called also while much waits for the other end to read it, as it may end just that. */
  readonly isUrgent?: boolean;
  /** The parameters that `run` gets checked. */
  readonly schema: Schema;
  /** Where the other parameters are a request, its wire form; `run` gets them by their present names and checks them. */
  readonly request?: z.ZodObject;
  run(params: z.output<Schema>, context: CallContext): Promise<object> | object;
}

/** A method whose `run` sees the parameters as its schema makes them. */
export function defineMethod<Schema extends z.ZodObject>(method: RpcMethod<Schema>): RpcMethod<Schema> {
  return method;
}

/**
 * Calls a method with parameters from outside; what had to be said of them is in the answer's `warnings`.
 *
 * @throws {CodeBeakerError} `permission_denied` for a key without its scope; `invalid_request`; what the method throws
 */
export async function callMethod(
  method: RpcMethod,
  params: unknown,
  context: Omit<CallContext, "warnings">,
): Promise<object> {
  if (method.scope !== undefined) checkScope(context.caller, method.scope);
  const warnings: string[] = [];
  const known = method.request === undefined
    ? method.schema
    : strictObject({ ...method.request.shape, ...method.schema.shape });
  const fields = parseAs(method.schema, translateParams(known, toObject(params), warnings), {
    what: `the parameters of ${method.name}`,
  });
  const result = await method.run(fields, { ...context, warnings });
  return warnings.length === 0 ? result : { ...result, warnings };
}

/** Parameters by name; none are an empty object, also where a client writes null for them. */
function toObject(params: unknown): unknown {
  return params === undefined || params === null ? {} : params;
}
