import type { z } from "zod";
import type { Scope } from "../../core/principal.ts";
import { parseAs, strictObject } from "../../core/parsing/validation.ts";
import { checkScope } from "../auth/auth.ts";
import { translateParams } from "./legacy/translate_params.ts";
import type { CallContext } from "./call_context.ts";

/** One method of JSON-RPC. */
export interface RpcMethod<Schema extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  /** The scope that a key needs; absent where any key may call the method. */
  readonly scope?: Scope;
  /**
   * Whether the method runs also while the client has not read earlier messages. Such a method may end their source.
   */
  readonly isUrgent?: boolean;
  /** Schema of the parameters that are validated before `run`. */
  readonly schema: Schema;
  /** Schema of the other parameters, where they form a request. `run` validates them itself. */
  readonly request?: z.ZodObject;
  run(params: z.output<Schema>, context: CallContext): Promise<object> | object;
}

/** Types the parameters of `run` by the schema. */
export function defineMethod<Schema extends z.ZodObject>(method: RpcMethod<Schema>): RpcMethod<Schema> {
  return method;
}

/**
 * Calls a method with a client's parameters. The answer's `warnings` list ignored fields. A strict client's parameters
 * are not translated.
 *
 * @throws {CodeBeakerError} `permission_denied` for a key without the method's scope; `invalid_request`; as the method
 * does
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
  const given = toObject(params);
  const fields = parseAs(
    method.schema,
    context.peer.isStrict ? given : translateParams(known, given, warnings),
    { what: `the parameters of ${method.name}` },
  );
  const result = await method.run(fields, { ...context, warnings });
  return warnings.length === 0 ? result : { ...result, warnings };
}

/** Replaces missing and null parameters by an empty object. */
function toObject(params: unknown): unknown {
  return params === undefined || params === null ? {} : params;
}
