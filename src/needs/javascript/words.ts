/** Globals that some JavaScript runtimes lack, or have in another form. */
export const NOTABLE_GLOBALS: ReadonlySet<string> = new Set([
  ...["Deno", "Bun", "process", "Buffer", "require", "module", "exports", "__dirname", "__filename"],
  ...["navigator", "Navigator", "NavigatorUAData", "location", "Location", "Window", "close", "closed"],
  ...["localStorage", "sessionStorage", "Storage", "caches", "Cache", "CacheStorage", "Lock", "LockManager"],
  ...["alert", "confirm", "prompt", "reportError", "onload", "onunload", "onbeforeunload", "onerror"],
  ...["onunhandledrejection", "onmessage", "addEventListener", "removeEventListener", "dispatchEvent", "postMessage"],
  ...["setImmediate", "clearImmediate", "EventSource", "WebSocket", "WebSocketStream", "CloseEvent", "ErrorEvent"],
  ...["ProgressEvent", "PromiseRejectionEvent", "FileReader", "URLPattern", "QuotaExceededError"],
  ...["ImageData", "ImageBitmap", "ImageBitmapRenderingContext", "createImageBitmap", "OffscreenCanvas"],
  ...["DOMMatrix", "DOMMatrixReadOnly", "DOMPoint", "DOMPointReadOnly", "DOMQuad", "DOMRect", "DOMRectReadOnly"],
  ...[
    "Headers",
    "Request",
    "Response",
    "FormData",
    "BroadcastChannel",
    "MessageChannel",
    "MessagePort",
    "MessageEvent",
  ],
  ...["CompressionStream", "DecompressionStream", "TextEncoderStream", "TextDecoderStream", "TextDecoder", "URL"],
  ...["crypto", "Crypto", "CryptoKey", "SubtleCrypto", "performance", "Performance", "PerformanceEntry", "Atomics"],
  ...["PerformanceMark", "PerformanceMeasure", "PerformanceObserver", "PerformanceObserverEntryList"],
  ...["fetch", "Temporal", "Float16Array", "Iterator", "DisposableStack", "AsyncDisposableStack", "SuppressedError"],
]);

/** Globals that are the global object, or run code that a program makes. */
export const DYNAMIC_GLOBALS: ReadonlySet<string> = new Set([
  ...["eval", "Function", "globalThis", "self", "global", "Worker", "SharedWorker", "ShadowRealm"],
]);

/** Names of the global object. */
export const GLOBAL_OBJECTS: ReadonlySet<string> = new Set(["globalThis", "self", "global"]);

/** Methods that older versions of the language lack. */
export const NEW_METHODS: ReadonlySet<string> = new Set([
  ...["fromBase64", "toBase64", "fromHex", "toHex", "setFromBase64", "setFromHex", "sumPrecise", "f16round", "try"],
  ...["getFloat16", "setFloat16", "isError", "escape", "getOrInsert", "getOrInsertComputed", "pause"],
]);

/** Modules that run code which a program makes. */
export const DYNAMIC_MODULES: ReadonlySet<string> = new Set([
  ...["vm", "module", "worker_threads", "repl", "inspector", "inspector/promises", "cluster"],
]);

/** Modules that a runtime brings. */
export const BUILTIN = /^(?:node:|bun:|bun$)/;

/** The property of every value that leads to the constructor of functions. */
export const CONSTRUCTOR = "constructor";

/** The property of every object that is its prototype on some runtimes. As a key of a literal, it is so on all. */
export const PROTOTYPE = "__proto__";

/** Properties that lead to those of functions, or to functions that run: `Error.prepareStackTrace` gets them. */
export const DYNAMIC_PROPERTIES: ReadonlySet<string> = new Set([
  ...["getOwnPropertyDescriptor", "getOwnPropertyDescriptors", "__lookupGetter__", "__lookupSetter__"],
  ...["prepareStackTrace"],
]);

/** Members of `Reflect` that give no property of a value. */
export const HONEST_REFLECTION: ReadonlySet<string> = new Set([".ownKeys", ".has"]);

/** Words of notable syntax. */
const SYNTAX_WORDS = ["import", "enum", "namespace", "accessor", "using", "with", CONSTRUCTOR, PROTOTYPE];

/** Matches before a name that is no property: `...name` is none, `object.name` is one. */
const NOT_A_PROPERTY = String.raw`(?<![\w$])(?<![^.]\.)`;
const NAMES = [...NOTABLE_GLOBALS, ...DYNAMIC_GLOBALS, "console", "Reflect", "from"].join("|"); // `export * from` imports.
const WORDS = [...SYNTAX_WORDS, ...DYNAMIC_PROPERTIES, ...[...NEW_METHODS].filter((name) => name !== "try")].join("|");
/** A timer whose first argument is no function, so it may be code. */
const TIMER = String.raw`\bset(?:Timeout|Interval)\b(?!\(\s*(?:async\s*)?(?:\([^()"'\`]*\)|[\w$]+)\s*=>)`;

/** A key in brackets that is neither plain text nor a number. */
const KEY = String.raw`\[(?!\s*(?:\d+|"[^"\\]*"|'[^'\\]*')\s*\])`;
/** A read of a property by such a key. */
const COMPUTED = String.raw`(?:[\w$)\]}"'\`.]|\*/)\s*${KEY}|\]\s*(?:/[/*]|:)`;
/** The rest of a line from a comment, and such a key behind it. It always matches, so a text is gone through once. */
const BEHIND_COMMENT = new RegExp(`//.*\\s*(${KEY})?`, "g");

/**
 * Matches a text whose program may use anything notable. A match may lie in a comment. It is a word, an escape that may
 * spell one, a decorator, a computed property, or a timer that may take code. Every part is linear in the text's length,
 * as texts of 1 MB are tested on the event loop.
 */
const TRIGGER = new RegExp(
  [
    `${NOT_A_PROPERTY}(?:${NAMES})(?![\\w$])`,
    `(?<![\\w$])(?:${WORDS}|GPU\\w*)(?![\\w$])`,
    String.raw`(?:\.\s*try|\btry\s*:)(?![\w$])`,
    String.raw`\\u|@|\]\s*(?:\?\.\s*)?[(\`]`,
    COMPUTED,
    TIMER,
  ].join("|"),
);

/** Whether a text may use anything notable. If not, its program needs only the language. */
export function mayNeed(text: string): boolean {
  return TRIGGER.test(text) || hasKeyBehindComment(text);
}

function hasKeyBehindComment(text: string): boolean {
  for (const [, key] of text.matchAll(BEHIND_COMMENT)) if (key !== undefined) return true;
  return false;
}

/** Whether a text may use what Bun alone has. */
export function isForBun(text: string): boolean {
  return /(?<![\w$])(?:Bun(?![\w$])|bun(?=[:"']))/.test(text);
}
