import { Session } from "node:inspector";
import { show } from "./bundles.js";
import "./stack_traces.js";

const { setPromiseHooks } = Deno[Deno.internal]?.core ?? {};
const { now } = performance;

const session = new Session();
session.connect();
// The inspector is the only reason for this permission, which tells of the machine.
Deno.permissions.revokeSync({ name: "sys" });

/** Promises of cells that wait: V8 tells the inspector when it collects one of them, which Deno does not survive. */
const waiting = new Set();
let taken;
const hook = await hookId((value) => taken = value);

/**
 * Evaluates a script in the scope that all cells share, where everything may be declared again.
 *
 * @returns `{ value }`, `{ error }` in words, or `{ isTimedOut }` when its synchronous part took too long
 */
export async function evaluate(script, { name, timeoutMs }) {
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
    return now.call(performance) - startedAt >= timeoutMs ? { isTimedOut: true } : { error: error.message };
  }
  const { result, exceptionDetails } = answer;
  const value = await take(exceptionDetails?.exception ?? result);
  if (result.objectId !== undefined) await ask("Runtime.releaseObjectGroup", { objectGroup: "cell" });
  return exceptionDetails === undefined ? { value } : { error: explain(value, { name, ...exceptionDetails }) };
}

/** An error that nobody caught, in words. */
export function explain(error, { name, lineNumber, columnNumber } = {}) {
  const text = show(error).replace(/^\[(.+)\](?=$| \{)/m, "$1"); // So Deno shows an error without frames.
  const isOfSyntax = error instanceof SyntaxError && lineNumber !== undefined && !/\n\s+at /.test(text);
  return isOfSyntax ? `${text}\n    at ${name}:${lineNumber + 1}:${columnNumber + 1}` : text;
}

/** The value behind what the inspector tells of it. */
async function take({ objectId, unserializableValue, value }) {
  if (objectId === undefined && unserializableValue === undefined) return value;
  const called = ask("Runtime.callFunctionOn", {
    objectId: hook,
    functionDeclaration: "function (value) { this(value); }",
    arguments: [objectId === undefined ? { unserializableValue } : { objectId }],
  });
  const found = taken; // Before a cell that was given up, and ends now, takes its own.
  taken = undefined;
  await called;
  return found;
}

/** A function of this module, as the inspector knows it. */
async function hookId(hook) {
  const name = "$cell$hook";
  globalThis[name] = hook;
  const { answer } = await ask("Runtime.evaluate", { expression: name });
  delete globalThis[name];
  return answer.result.objectId;
}

/** With `held`, what it holds is the first promise that this makes, which is that of the script. */
function ask(method, parameters, held) {
  const { promise, resolve } = Promise.withResolvers();
  if (held !== undefined) setPromiseHooks?.((made) => held.first ??= made);
  session.post(method, parameters, (error, answer) => resolve(error ? { error } : { answer }));
  if (held !== undefined) {
    setPromiseHooks?.();
    waiting.add(held);
  }
  return promise;
}
