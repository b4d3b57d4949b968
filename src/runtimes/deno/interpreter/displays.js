import { checkBundle, costOf, DISPLAY, fit, toBundle } from "./bundles.js";

const { Promise, String, URL, WeakSet } = globalThis;
const { readFile } = Deno;
/** More are not kept, however small they are. */
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

/** Whether a value is the promise that showing something gave: it stands for nothing. */
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

/**
 * What was shown since this was asked last, as long as it is no longer than it may be; the rest is counted. What is still
 * being made comes with the next.
 */
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

/** What `Deno.jupyter` offers in Deno's own notebooks, as far as it needs no notebook. */
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

/** A template tag whose text is shown as a MIME type. */
function tagged(type) {
  return (strings, ...values) => {
    const text = String.raw({ raw: strings }, ...values);
    return { [DISPLAY]: () => ({ [type]: text }) };
  };
}
