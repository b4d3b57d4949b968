import type { NeedEffect } from "../../core/needs.ts";

/** Effects by the beginnings of names. The first match counts. */
const EFFECTS: readonly (readonly [RegExp, NeedEffect])[] = [
  [/^(?:Deno\.(?:Command|kill)|Bun\.(?:spawn|spawnSync|\$)|node:child_process)\b/, "process"],
  [/^(?:Deno\.(?:listen|connect|serve|startTls|resolveDns)|Bun\.(?:serve|listen|connect|udpSocket))/, "socket"],
  [/^(?:node:(?:net|http|https|http2|tls|dgram|dns)\b|WebSocket|EventSource|fetch\b)/, "socket"],
  [/^(?:Worker|node:worker_threads|node:cluster)\b/, "thread"],
  [
    /^Deno\.(?:read|write|open|create|make|mkdir|remove|rename|copy|stat|lstat|truncate|chmod|chown|link|symlink)/,
    "file",
  ],
  [/^(?:Deno\.(?:watchFs|realPath|utime)|Bun\.(?:file|write)\b|node:(?:fs|sqlite)\b|bun:sqlite)/, "file"],
];

/** The effect of a global or a module, where it is known. */
export function effectOf(name: string): NeedEffect | undefined {
  return EFFECTS.find(([pattern]) => pattern.test(name))?.[1];
}
