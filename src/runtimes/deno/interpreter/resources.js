const { AsyncDisposableStack, Map, Symbol, TypeError } = globalThis;
/** What cells use with `using`, by the name of the cell. */
const stacks = new Map();

/** Takes what a cell uses: it is disposed of at the cell's end. */
export function useResource(cell, isAsync, resource) {
  if (!stacks.has(cell)) stacks.set(cell, new AsyncDisposableStack());
  const stack = stacks.get(cell);
  if (isAsync) return stack.use(resource);
  if (resource === null || resource === undefined) return resource;
  const dispose = resource[Symbol.dispose];
  if (typeof dispose !== "function") throw new TypeError("Symbol(Symbol.dispose) is not a function");
  stack.defer(() => {
    dispose.call(resource);
  });
  return resource;
}

/** Disposes of what a cell used, the last first. @throws whatever one of it throws */
export async function disposeOf(cell) {
  const stack = stacks.get(cell);
  stacks.delete(cell);
  await stack?.disposeAsync();
}
