import { host } from "./host.js";
import { checkBundle, costOf, DISPLAY, fit, toBundle } from "./bundles.js";

const { Promise, String, URL, WeakSet } = globalThis;
const { readFile } = host;
/** The most displays of a cell, however small. */
const MAX_DISPLAYS = 1_000;
const promises = new WeakSet();
/** Sends a display of the running cell; undefined while none runs. */
let send;
/** The displays that were made while no cell ran. */
let waiting = [];
/** The most bytes of a cell's displays, and those left to the running cell. */
let maxBytes = 0;
let room = 0;
let sent = 0;
let omitted = 0;

/** Displays a value beside a cell's output. With `raw`, the value is the bundle itself. */
export function display(value, options) {
  const promise = show(value, options);
  promises.add(promise);
  return promise;
}

/** Whether a value is a promise of {@link display}, which is no result. */
export function isDisplay(value) {
  return promises.has(value);
}

/** Begins a cell. Its displays are sent as they come, up to a number and a length. */
export function beginDisplays(options) {
  ({ maxBytes, send } = options);
  room = maxBytes;
  const before = waiting;
  waiting = [];
  before.forEach(sendWithin);
}

/** Ends a cell, and counts the displays that were left out. Unfinished ones come with the next cell. */
export function endDisplays() {
  const counted = omitted === 0 ? {} : { displaysOmitted: omitted };
  send = undefined;
  room = maxBytes;
  sent = omitted = 0;
  return counted;
}

async function show(value, { raw = false } = {}) {
  if (sent + waiting.length >= MAX_DISPLAYS || room < 0) {
    omitted++;
    return;
  }
  const made = raw ? checkBundle(value) : toBundle(value);
  // A bundle that is at hand is sent before the cell goes on.
  const bundle = fit(made instanceof Promise ? await made : made, value, maxBytes);
  if (send === undefined) waiting.push(bundle);
  else sendWithin(bundle);
}

function sendWithin(bundle) {
  room -= costOf(bundle) + 1;
  if (sent >= MAX_DISPLAYS || room < 0) {
    omitted++;
    return;
  }
  sent++;
  send(bundle);
}

/** The parts of `Deno.jupyter` that need no notebook: they display and make bundles. */
export const jupyter = {
  $display: DISPLAY,
  display,
  format: async (value) => await toBundle(value),
  md: tagged("text/markdown"),
  html: tagged("text/html"),
  svg: tagged("image/svg+xml"),
  image(source) {
    const bytes = typeof source === "string" || source instanceof URL ? readFile(source) : source;
    return { [DISPLAY]: async () => await toBundle(await bytes) };
  },
};

/** A template tag that displays its text as a MIME type. */
function tagged(type) {
  return (strings, ...values) => {
    const text = String.raw({ raw: strings }, ...values);
    return { [DISPLAY]: () => ({ [type]: text }) };
  };
}
