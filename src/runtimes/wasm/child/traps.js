/** The end of a module that did not end by itself, in words. */

const MAX_FRAMES = 50;
/** A frame of a module, with the name of its function where the module has names. */
const FRAME = /^ *at (?:(.*) \()?wasm:\/\/wasm\/[^:]*:(wasm-function\[\d+\]:0x[0-9a-f]+)\)?$/;

Error.stackTraceLimit = MAX_FRAMES;

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
