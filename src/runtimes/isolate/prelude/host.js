/**
 * Calls of the process of the slot. They take and return primitive values. What a method gave that a program may have
 * replaced is made one here.
 */
export const host = {
  print: (isError, text) => $print(isError, `${text}`),
  now: $now,
  parseUrl: (text, base) => $call("parseUrl", text, base),
  changeUrl: (href, part, value) => $call("changeUrl", `${href}`, part, value),
  random: (length) => $call("random", +length),
  uuid: () => $call("uuid"),
  importModule: (id, path, specifier) => $call("importModule", id, path, specifier),
  /** Makes the process give the isolate a part of the prelude. */
  load: (name) => $call("load", name),
};
