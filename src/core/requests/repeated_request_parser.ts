import { isObject } from "../parsing/json_object.ts";
import { type CellRequest, parseCell } from "./cell_request.ts";
import { checkCodeSize, decodeCode, type EncodedContent } from "./content.ts";
import { type ExecutionRequest, parseExecutionRequest } from "./execution_request.ts";

/** The most requests whose fields are kept; the oldest are dropped. */
const MAX_KEPT = 64;
/** The longest fields that are kept, in characters of JSON. */
const MAX_LENGTH = 512;
/** Fields that are not kept, as most requests have their own. */
const OWN_FIELDS = ["args", "env", "files", "stdin"] as const;

/** How requests of a kind are parsed. */
export interface RequestKind<Request> {
  parse(value: unknown): Request;
  /** Checks other code, and puts it into a parsed request. */
  withCode(request: Request, code: EncodedContent): Request;
}

/** One-shot requests. */
export const EXECUTIONS: RequestKind<ExecutionRequest> = {
  parse: parseExecutionRequest,
  withCode(request, { content, encoding }) {
    const bytes = decodeCode({ code: content, encoding });
    return bytes === undefined ? request : { ...request, code: bytes };
  },
};

/** Cells of contexts. */
export const CELLS: RequestKind<CellRequest> = {
  parse: parseCell,
  withCode(request, { content }) {
    checkCodeSize(content);
    return { ...request, code: content };
  },
};

/** Parses requests of a kind. Of those that differ in their code alone, only the code is checked again. */
export class RepeatedRequestParser<Request> {
  readonly #kind: RequestKind<Request>;
  /** Requests with empty code, by the fields beside it as JSON. It writes no two valid values alike. */
  readonly #checked = new Map<string, Request>();

  constructor(kind: RequestKind<Request>) {
    this.#kind = kind;
  }

  /** Parses a request that came as JSON. @throws {CodeBeakerError} as the kind's `parse` does */
  parse(value: unknown): Request {
    if (!isObject(value)) return this.#kind.parse(value);
    const { code, ...fields } = value;
    if (typeof code !== "string" || OWN_FIELDS.some((name) => Object.hasOwn(fields, name))) {
      return this.#kind.parse(value);
    }
    const encoding = fields["encoding"] === "base64" ? "base64" : "utf8";
    const key = JSON.stringify(fields);
    const known = this.#checked.get(key);
    if (known !== undefined) return this.#kind.withCode(known, { content: code, encoding });
    const request = this.#kind.parse(value);
    if (key.length <= MAX_LENGTH) this.#keep(key, this.#kind.withCode(request, { content: "", encoding }));
    return request;
  }

  #keep(key: string, request: Request): void {
    if (this.#checked.size >= MAX_KEPT) this.#checked.delete(this.#checked.keys().next().value ?? "");
    this.#checked.set(key, request);
  }
}
