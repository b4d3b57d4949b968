/** The codes of DOM exceptions by name, with their constants' names without the ending. */
const CODES = {
  IndexSizeError: [1, "INDEX_SIZE"],
  HierarchyRequestError: [3, "HIERARCHY_REQUEST"],
  WrongDocumentError: [4, "WRONG_DOCUMENT"],
  InvalidCharacterError: [5, "INVALID_CHARACTER"],
  NoModificationAllowedError: [7, "NO_MODIFICATION_ALLOWED"],
  NotFoundError: [8, "NOT_FOUND"],
  NotSupportedError: [9, "NOT_SUPPORTED"],
  InUseAttributeError: [10, "INUSE_ATTRIBUTE"],
  InvalidStateError: [11, "INVALID_STATE"],
  SyntaxError: [12, "SYNTAX"],
  InvalidModificationError: [13, "INVALID_MODIFICATION"],
  NamespaceError: [14, "NAMESPACE"],
  InvalidAccessError: [15, "INVALID_ACCESS"],
  TypeMismatchError: [17, "TYPE_MISMATCH"],
  SecurityError: [18, "SECURITY"],
  NetworkError: [19, "NETWORK"],
  AbortError: [20, "ABORT"],
  URLMismatchError: [21, "URL_MISMATCH"],
  QuotaExceededError: [22, "QUOTA_EXCEEDED"],
  TimeoutError: [23, "TIMEOUT"],
  InvalidNodeTypeError: [24, "INVALID_NODE_TYPE"],
  DataCloneError: [25, "DATA_CLONE"],
};
/** Codes of which no exception has the name any longer. */
const FORMER_CODES = [[2, "DOMSTRING_SIZE"], [6, "NO_DATA_ALLOWED"], [16, "VALIDATION"]];

const { defineProperty, hasOwn, values } = Object;

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
    return hasOwn(CODES, this.#name) ? CODES[this.#name][0] : 0;
  }

  get [Symbol.toStringTag]() {
    return "DOMException";
  }
}

for (const [value, name] of [...values(CODES), ...FORMER_CODES].sort(([one], [other]) => one - other)) {
  for (const target of [DOMException, DOMException.prototype]) {
    defineProperty(target, `${name}_ERR`, { "__proto__": null, value, enumerable: true });
  }
}
