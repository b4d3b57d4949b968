const { AsyncDisposableStack, Map, Symbol, TypeError } = globalThis;
/** The resources of `using` declarations, by the name of the cell. */
const stacks = new Map();

/** Takes a resource of a cell, to dispose of it at the cell's end. */
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

/** Disposes of a cell's resources, the last one first. @throws the error of a disposal */
export async function disposeOf(cell) {
  const stack = stacks.get(cell);
  stacks.delete(cell);
  await stack?.disposeAsync();
}
