/** Shows errors that nothing has caught with their causes. They come out of an isolate as their stacks alone. */
import { define } from "./define.js";
import { partOf } from "./parts.js";
import { asElsewhere, headOf } from "./stack_traces.js";

/** How many errors with causes are kept: those whose stacks were made last. */
const MAX_KEPT = 8;
/** The most errors that are shown, and the most within each other. */
const [MAX_SHOWN, MAX_DEPTH] = [256, 32];
const TRUNCATED = "[Error details truncated]";

const { isError } = Error;

const kept = Array(MAX_KEPT).fill();
let count = 0;

/** Keeps the errors with causes from now on. */
export function keepCauses() {
  const { prepareStackTrace = asElsewhere } = Error;
  define(Error, "prepareStackTrace", (error, frames) => {
    if (isError(error) && ("cause" in error || isAggregate(error))) kept[count++ % MAX_KEPT] = error;
    return prepareStackTrace.call(Error, error, frames);
  });
}

/** The kept error with a key; undefined where there is none. */
export function keptError(key) {
  for (let back = 1; back <= MAX_KEPT && back <= count; back++) {
    const error = kept[(count - back) % MAX_KEPT];
    if (keyOf(error) === key) return error;
  }
  return undefined;
}

/** An error's message and frames, as they come out of the isolate. */
function keyOf(error) {
  const stack = `${error.stack}`;
  const at = stack.startsWith("    at") ? 0 : stack.indexOf("\n    at");
  return `${error.message}${at < 0 ? "" : stack.slice(at)}`;
}

/** A kept error as the console prints it; undefined for another key. */
export function inspectKept(key) {
  const error = keptError(key);
  return error === undefined ? undefined : partOf("inspect").inspect(error);
}

/** A kept error with its causes, as Deno prints it; undefined for another key. */
export function showKept(key) {
  const error = keptError(key);
  if (error === undefined) return undefined;
  return show(error, { budget: { left: MAX_SHOWN }, loop: loopOf(error, 1), outer: [] });
}

/** @param state.outer the errors around the value */
function show(value, { budget, loop, outer }) {
  if (budget.left <= 0 || outer.length >= MAX_DEPTH) return TRUNCATED;
  budget.left--;
  if (typeof value === "string") return JSON.stringify(value);
  if (!isError(value)) return partOf("console").shown(value);
  const reference = loop?.to === value ? ` <ref *${loop.index}>` : "";
  const inner = { budget, loop, outer: [...outer, value] };
  const members = isAggregate(value) && !outer.includes(value) ? membersOf(value, inner) : "";
  return headOf(value) + reference + members + placesOf(value) + causeOf(value, inner);
}

/** The frames in the stack of an error. */
function placesOf(error) {
  const [stack, head] = [`${error.stack}`, headOf(error)];
  if (stack.startsWith(head)) return stack.slice(head.length);
  const at = stack.search(/\n {4}at /);
  return at < 0 ? "" : stack.slice(at);
}

/** The errors that an error is made of. */
function membersOf({ errors }, state) {
  let index = state.loop?.index ?? 0;
  let text = "";
  for (let at = 0; at < errors.length && state.budget.left > 0; at++) {
    const loop = loopOf(errors[at], index + 1);
    if (loop !== undefined) index++;
    text += `\n${show(errors[at], { ...state, loop })}`.replaceAll("\n", "\n    ");
  }
  return text;
}

function causeOf({ cause }, state) {
  if (cause === undefined) return "";
  const { loop, outer } = state;
  return `\nCaused by: ${loop?.from === outer.at(-1) ? `[Circular *${loop.index}]` : show(cause, state)}`;
}

/** Where the causes of an error lead back to one of them. */
function loopOf(error, index) {
  const seen = [];
  for (let from = error; isError(from) && seen.length < MAX_DEPTH; from = from.cause) {
    seen.push(from);
    if (seen.includes(from.cause)) return { from, to: from.cause, index };
  }
  return undefined;
}

function isAggregate(error) {
  return error instanceof AggregateError && Array.isArray(error.errors);
}
