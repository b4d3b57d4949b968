import { isObject } from "../parsing/json_object.ts";
import { decodeCode, type EncodedCode } from "./content.ts";
import { type ExecutionRequest, parseExecutionRequest } from "./execution_request.ts";

/** The most requests whose fields are kept; the oldest are dropped. */
const MAX_KEPT = 64;
/** The longest fields that are kept, in characters of JSON. */
const MAX_LENGTH = 512;
/** Fields that are not kept, as most requests have their own. */
const OWN_FIELDS = ["args", "env", "files", "stdin"] as const;

/** A checked request without its code, and the encoding of that. */
interface Checked {
  readonly request: Omit<ExecutionRequest, "code">;
  readonly encoding: EncodedCode["encoding"];
}

/** Parses one-shot requests. Of those that differ in their code alone, only the code is checked again. */
export class ExecutionRequestParser {
  /** By the fields beside the code, as JSON. It writes no two valid values alike. */
  readonly #checked = new Map<string, Checked>();

  /** Parses a request that came as JSON. @throws {CodeBeakerError} as {@link parseExecutionRequest} does */
  parse(value: unknown): ExecutionRequest {
    if (!isObject(value)) return parseExecutionRequest(value);
    const { code, ...fields } = value;
    if (typeof code !== "string" || OWN_FIELDS.some((name) => Object.hasOwn(fields, name))) {
      return parseExecutionRequest(value);
    }
    const key = JSON.stringify(fields);
    const known = this.#checked.get(key);
    if (known !== undefined) return withCode(known, code);
    const parsed = parseExecutionRequest(value);
    const { code: _code, ...request } = parsed;
    if (key.length <= MAX_LENGTH) {
      this.#keep(key, { request, encoding: fields["encoding"] === "base64" ? "base64" : "utf8" });
    }
    return parsed;
  }

  #keep(key: string, checked: Checked): void {
    if (this.#checked.size >= MAX_KEPT) this.#checked.delete(this.#checked.keys().next().value ?? "");
    this.#checked.set(key, checked);
  }
}

/** @throws {CodeBeakerError} as {@link decodeCode} does */
function withCode({ encoding, request }: Checked, code: string): ExecutionRequest {
  const bytes = decodeCode({ code, encoding });
  return bytes === undefined ? request : { ...request, code: bytes };
}
