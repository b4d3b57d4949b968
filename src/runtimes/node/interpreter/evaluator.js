/** Evaluates cells with the inspector of V8, as its consoles do. */
import { Session } from "node:inspector";
import { promiseHooks } from "node:v8";
import "../../interpreters/ecmascript/stack_traces.js";

const { Array, Error, Object, Promise, Set, performance } = globalThis;
const { defineProperty, getOwnPropertyDescriptor } = Object;
/** The function that a script calls first, to restore the program's `toJSON` methods. */
const RESTORE_NAME = "$cell$restore";
/** The prototypes of messages to the inspector. */
const prototypes = [Object.prototype, Array.prototype];
const { onInit } = promiseHooks;
const { now } = performance;

const session = new Session();
session.connect();

/** Promises of cells that await something, kept alive: a cell whose promise V8 collects fails. */
const waiting = new Set();
let taken;
const hook = await hookId((value) => taken = value);

/**
 * Evaluates a cell's script in the scope that all cells share. The declarations in `before` come first.
 *
 * @returns `{ value }`; `{ failure }`, with the thrown value and its place; or `{ isTimedOut }` when its synchronous
 *   part took too long
 */
export async function evaluate({ before, script }, { name, timeoutMs }) {
  if (before !== undefined) {
    const prepared = await evaluate({ script: await declare(before) }, { name, timeoutMs });
    if (prepared.failure !== undefined) return prepared;
  }
  const startedAt = now.call(performance);
  const parameters = {
    expression: `${script}\n//# sourceURL=${name}`,
    timeout: timeoutMs,
    replMode: true,
    awaitPromise: true,
    objectGroup: "cell",
  };
  const held = { first: undefined };
  const mayWait = /\bawait\b/.test(script);
  const { error, answer } = await ask("Runtime.evaluate", parameters, mayWait ? held : undefined);
  waiting.delete(held);
  if (error !== undefined) {
    const isTimedOut = now.call(performance) - startedAt >= timeoutMs;
    return isTimedOut ? { isTimedOut } : { failure: { thrown: new Error(error.message) } };
  }
  const { result, exceptionDetails } = answer;
  const value = await take(exceptionDetails?.exception ?? result);
  if (result.objectId !== undefined) await ask("Runtime.releaseObjectGroup", { objectGroup: "cell" });
  return exceptionDetails === undefined
    ? { value }
    : { failure: { thrown: value, place: { name, ...exceptionDetails } } };
}

/** The script that declares functions and variables. A variable that exists keeps its value. */
async function declare({ directives, fresh, functions, variables }) {
  const { answer } = await ask("Runtime.globalLexicalScopeNames", {});
  const known = new Set(answer.names);
  const missing = [...fresh];
  for (const name of variables) {
    if (!known.has(name) || !await isReadable(name)) missing.push(name);
  }
  const names = missing.length === 0 ? "" : `let ${missing.join()};`;
  return `${directives}${names}${functions};void 0`; // Without a value there is nothing to fetch.
}

/** Whether a variable was given a value; it was not where its declaration threw. */
async function isReadable(name) {
  const { answer } = await ask("Runtime.evaluate", { expression: `typeof ${name}`, replMode: true });
  return answer.exceptionDetails === undefined;
}

/** The value behind the inspector's description. */
async function take({ objectId, unserializableValue, value }) {
  if (objectId === undefined && unserializableValue === undefined) return value;
  const called = ask("Runtime.callFunctionOn", {
    objectId: hook,
    functionDeclaration: "function (value) { this(value); }",
    arguments: [objectId === undefined ? { unserializableValue } : { objectId }],
  });
  const found = taken; // Read before an abandoned cell that ends now takes its own.
  taken = undefined;
  await called;
  return found;
}

/** The inspector's id of a function of this module. */
async function hookId(hook) {
  const name = "$cell$hook";
  globalThis[name] = hook;
  const { answer } = await ask("Runtime.evaluate", { expression: name });
  delete globalThis[name];
  return answer.result.objectId;
}

/** Calls the inspector; `held.first` becomes the first promise that this makes, which is the script's. */
function ask(method, parameters, held) {
  const { promise, resolve } = Promise.withResolvers();
  const restore = removeToJson();
  if (restore !== undefined && method === "Runtime.evaluate") {
    defineProperty(globalThis, RESTORE_NAME, { configurable: true, value: restore });
    parameters = { ...parameters, expression: `${RESTORE_NAME}();${parameters.expression}` };
  }
  const unwatch = held && onInit((made) => held.first ??= made);
  session.post(method, parameters, (error, answer) => resolve(error ? { error } : { answer }));
  unwatch?.();
  restore?.();
  if (held !== undefined) waiting.add(held);
  return promise;
}

/**
 * Removes `toJSON` methods that a program has defined on prototypes of messages to the inspector. Returns a function
 * that restores them, once; undefined where there are none.
 */
function removeToJson() {
  const defined = prototypes.map((prototype) => [prototype, getOwnPropertyDescriptor(prototype, "toJSON")])
    .filter(([, found]) => found?.configurable);
  if (defined.length === 0) return undefined;
  for (const [prototype] of defined) delete prototype.toJSON;
  return () => {
    for (const [prototype, found] of defined.splice(0)) defineProperty(prototype, "toJSON", found);
  };
}
