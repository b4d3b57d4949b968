import { host } from "./host.js";

/** The parts of the prelude that have been used, by their names. */
const parts = { "__proto__": null };

/** What a part exports. Few programs use most parts, so each is loaded at its first use. */
export function partOf(name) {
  if (parts[name] === undefined) host.load(name);
  return parts[name];
}

/** What a part exports; undefined where nothing has used it. */
export function usedPart(name) {
  return parts[name];
}

/** Keeps what a part exports. */
export function keepPart(name, exported) {
  parts[name] = exported;
}
