const CODES = {
  IndexSizeError: 1,
  NotFoundError: 8,
  NotSupportedError: 9,
  InvalidStateError: 11,
  SyntaxError: 12,
  InvalidAccessError: 15,
  NetworkError: 19,
  AbortError: 20,
  QuotaExceededError: 22,
  TimeoutError: 23,
  DataCloneError: 25,
};

/** Web IDL's DOMException. */
export class DOMException extends Error {
  #name;

  constructor(message = "", options = "Error") {
    super(message, typeof options === "object" && "cause" in options ? { cause: options.cause } : undefined);
    this.#name = typeof options === "object" ? options.name ?? "Error" : String(options);
  }

  get name() {
    return this.#name;
  }

  get code() {
    return CODES[this.#name] ?? 0;
  }

  get [Symbol.toStringTag]() {
    return "DOMException";
  }
}
