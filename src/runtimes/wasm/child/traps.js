/** The end of a module that did not end by itself, in words. */

/** Begins what V8 says of a module that it cannot compile or instantiate. */
export const OF_THE_API = "WebAssembly.";
const MAX_FRAMES = 50;
/** A frame of a module, with the name of its function where the module has names. */
const FRAME = /^ *at (?:(.*) \()?wasm:\/\/wasm\/[^:]*:(wasm-function\[\d+\]:0x[0-9a-f]+)\)?$/;

Error.stackTraceLimit = MAX_FRAMES;

/** Whether a module's own code threw it: it trapped, its stack was full, or nothing caught its exception. */
export function isTrap(error) {
  const isFullStack = error instanceof RangeError && !error.message.startsWith(OF_THE_API);
  return isFullStack || error instanceof WebAssembly.RuntimeError || error instanceof WebAssembly.Exception;
}

/** What an error says, and its frames in the module; none of this process's own. */
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
