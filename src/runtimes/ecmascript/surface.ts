import type { Need, Surface } from "../../core/needs.ts";

/** Globals and members of them that mean the same on every runtime of JavaScript. */
const GLOBALS =
  /^(?:import\(\)|Buffer(?:\.\w+)?|(?:set|clear)Immediate|import\.meta\.(?:url|dirname|filename)|process\.(?:argv|env|exit|exitCode|stdin|stdout|stderr|hrtime|nextTick|cwd|uptime)(?:\.\w+)?)$/;

/** Web APIs that are the same on every runtime with network. */
const WEB_APIS =
  /^(?:Headers|Request|Response|FormData|BroadcastChannel|Message(?:Channel|Port|Event)|(?:Dec|C)ompressionStream|Text(?:En|De)coderStream|TextDecoder|URL|crypto|Crypto|CryptoKey|SubtleCrypto|performance|Performance\w*|Atomics)(?:\.\w+)?$/;

/**
 * Modules that mean the same on every runtime, and reach nothing. Only a runtime that checks a program reports every
 * denial.
 */
const MODULES =
  /^node:(?:assert|buffer|crypto|events|path|perf_hooks|querystring|readline|stream|string_decoder|timers|url|util|zlib)(?:\/|$)/;

/**
 * The common surface of runtimes without the `Deno` namespace, beside the language itself. It is that of JavaScript and
 * TypeScript.
 */
export const COMMON_SURFACE: Surface = { isWhole: false, has: isCommon };

function isCommon({ kind, name }: Need): boolean | undefined {
  if (kind === "global" && (GLOBALS.test(name) || WEB_APIS.test(name))) return true;
  if (kind === "builtin" && MODULES.test(name)) return true;
  if (kind === "syntax" && name === "import of JSON") return true;
  return undefined;
}
