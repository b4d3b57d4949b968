import { checkBundle, costOf, DISPLAY, fit, toBundle } from "./bundles.js";

const { Promise, String, URL, WeakSet } = globalThis;
const { readFile } = Deno;
/** Most displays of a cell, however small. */
const MAX_DISPLAYS = 1_000;
const promises = new WeakSet();
let shown = [];
let dropped = 0;

/** Shows a value beside what a cell prints; with `raw`, the value is the bundle itself. */
export function display(value, options) {
  const promise = keep(value, options);
  promises.add(promise);
  return promise;
}

/** Whether a value is a promise of {@link display}, which is no result. */
export function isDisplay(value) {
  return promises.has(value);
}

async function keep(value, { raw = false } = {}) {
  if (shown.length >= MAX_DISPLAYS) {
    dropped++;
    return;
  }
  const bundle = Promise.try(() => raw ? checkBundle(value) : toBundle(value));
  const one = { value, bundle: undefined };
  shown.push(one);
  try {
    one.bundle = await bundle;
  } catch (error) {
    shown = shown.filter((other) => other !== one);
    throw error;
  }
}

/** Takes the displays since the last call, up to a length, and counts the rest. Unfinished ones come with the next call. */
export function takeDisplays(maxBytes) {
  const ready = shown.filter(({ bundle }) => bundle !== undefined);
  shown = shown.filter(({ bundle }) => bundle === undefined);
  const displays = [];
  let room = maxBytes;
  for (const { bundle, value } of ready) {
    const fitting = fit(bundle, value, maxBytes);
    room -= costOf(fitting) + 1;
    if (room >= 0) displays.push(fitting);
  }
  const omitted = ready.length - displays.length + dropped;
  dropped = 0;
  return { displays, ...(omitted === 0 ? {} : { displaysOmitted: omitted }) };
}

/** The parts of `Deno.jupyter` that need no notebook. */
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
