/** The end of a module that did not end by itself, in words. */

/** Begins V8's message about a module that it cannot compile or instantiate. */
export const OF_THE_API = "WebAssembly.";
const MAX_FRAMES = 50;
/** Matches a frame of a module. The frame names its function where the module has names. */
const FRAME = /^ *at (?:(.*) \()?wasm:\/\/wasm\/[^:]*:(wasm-function\[\d+\]:0x[0-9a-f]+)\)?$/;

Error.stackTraceLimit = MAX_FRAMES;

/**
 * Whether a module's own code threw an error. The module trapped, its stack was full, or nothing caught its exception.
 */
export function isTrap(error) {
  const isFullStack = error instanceof RangeError && !error.message.startsWith(OF_THE_API);
  return isFullStack || error instanceof WebAssembly.RuntimeError || error instanceof WebAssembly.Exception;
}

/** The text of an error, with its frames in the module. This process's own are left out. */
export function describeTrap(error, module) {
  if (!(error instanceof Error)) return `${module}: An exception was not caught`;
  const frames = `${error.stack}`.split("\n").flatMap((line) => {
    const [, name, place] = FRAME.exec(line) ?? [];
    if (place === undefined) return [];
    return [
      name === undefined || name === "<anonymous>"
        ? `    at ${module}:${place}`
        : `    at ${name} (${module}:${place})`,
    ];
  });
  return [`${error.name}: ${error.message}`, ...frames].join("\n");
}
