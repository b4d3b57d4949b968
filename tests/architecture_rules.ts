import { RUNTIMES } from "../src/runtimes/registry.ts";

/** Rooms of the source that a file may import, beside its own; `types` only as types. */
interface Rule {
  readonly code: readonly string[];
  readonly types?: readonly string[];
}

const FOUNDATIONS = ["src/core/", "src/concurrency/", "src/host/", "src/process/", "src/sandbox/", "src/workspace/"];
const PORT = ["src/runtimes/port.ts"];
const PARTS_OF_PORT = ["src/runtimes/program.ts", "src/runtimes/workspace_files.ts"];
const ENTRY = [...PORT, "src/runtimes/entry.ts"];
const SHARED = ["denials", "ecmascript", "interpreters", "languages", "process", "service_binary", "warm", "self_test"]
  .map((room) => `src/runtimes/${room}/`);
const POOL = "src/runtimes/warm/warm_pool.ts";
const COMMANDS = "src/commands/mod.ts";
const STORAGE = "src/storage/storage.ts";
const OBSERVED = ["src/engine/observer.ts", "src/engine/port.ts"];
const FILES = "src/workspace/write_files.ts";
/** The page, which runs in a browser. */
const PAGE = "src/server/console/page/";
const LOG = "src/log.ts";

/** Who may import whom: the first row that matches a file holds. */
export const IMPORTS: Readonly<Record<string, Rule>> = {
  "src/core/version.ts": { code: ["deno.json"] },
  "src/core/": { code: [] },
  "src/concurrency/": { code: FOUNDATIONS.slice(0, 1) },
  "src/host/": { code: FOUNDATIONS.slice(0, 2) },
  "src/process/": { code: FOUNDATIONS.slice(0, 3) },
  "src/sandbox/": { code: FOUNDATIONS.slice(0, 4) },
  "src/workspace/": { code: FOUNDATIONS.slice(0, 5) },
  "src/runtimes/port.ts": { code: [], types: [...FOUNDATIONS, ...SHARED, ...PARTS_OF_PORT] },
  "src/runtimes/program.ts": { code: [], types: ["src/core/"] },
  "src/runtimes/workspace_files.ts": { code: [], types: ["src/core/"] },
  "src/runtimes/entry.ts": { code: [], types: ["src/core/", "src/sandbox/layers.ts", ...PORT] },
  "src/runtimes/registry.ts": {
    code: ["src/runtimes/*/entry.ts", "src/runtimes/lazy_runtime.ts", "src/runtimes/auto_prepared_runtime.ts"],
    types: ENTRY,
  },
  "src/runtimes/auto_prepared_runtime.ts": {
    code: ["src/core/", "src/concurrency/", "src/runtimes/parts_installer.ts"],
    types: ENTRY,
  },
  "src/runtimes/parts_installer.ts": { code: ["src/core/", "src/concurrency/"], types: ENTRY },
  "src/runtimes/lazy_runtime.ts": { code: ["src/core/"], types: ENTRY },
  "src/runtimes/selection/": { code: ["src/core/"], types: [...PORT, POOL] },
  "src/runtimes/denials/": { code: ["src/core/"] },
  "src/runtimes/languages/": { code: ["src/core/"] },
  "src/runtimes/warm/": { code: ["src/core/", "src/concurrency/"], types: PORT },
  "src/runtimes/self_test/": { code: ["src/core/", "src/concurrency/", "src/host/"], types: PORT },
  "src/runtimes/process/": { code: [...FOUNDATIONS, ...SHARED], types: ENTRY },
  "src/runtimes/*/": { code: [...FOUNDATIONS, ...SHARED], types: ENTRY },
  "src/needs/": { code: ["src/core/"] },
  "src/commands/": { code: ["src/core/", "src/concurrency/"], types: PORT },
  "src/contexts/": { code: ["src/core/", "src/concurrency/", COMMANDS], types: PORT },
  "src/engine/": {
    code: ["src/core/", "src/concurrency/", "src/runtimes/selection/", COMMANDS, FILES, LOG],
    types: [...PORT, POOL, STORAGE, "src/needs/mod.ts"],
  },
  "src/sessions/": {
    code: ["src/core/", "src/concurrency/", "src/contexts/", COMMANDS, FILES, LOG],
    types: [...PORT, STORAGE, "src/engine/"],
  },
  "src/storage/": { code: ["src/core/", LOG], types: OBSERVED },
  "src/audit/": { code: ["src/core/", LOG], types: [...OBSERVED, STORAGE] },
  "src/access/": { code: ["src/core/", "src/concurrency/"], types: [STORAGE] },
  "src/metrics.ts": { code: ["src/core/", LOG], types: [...OBSERVED, POOL] },
  [PAGE]: { code: [], types: ["src/core/"] },
  "src/server/": {
    code: [
      "src/core/",
      COMMANDS,
      LOG,
      ...["src/concurrency/deadline.ts", "src/concurrency/delay.ts"],
      "src/host/tcp_connections.ts",
    ],
    types: [
      ...[...OBSERVED, ...PORT, "src/sessions/port.ts", "src/access/mod.ts", "src/metrics.ts"],
      ...["src/runtimes/selection/description.ts", "src/runtimes/selection/language_description.ts"],
      ...["src/concurrency/byte_budget.ts", "src/workspace/uploads.ts"],
      "src/concurrency/clock.ts",
    ],
  },
  "src/cli/": {
    code: [
      ...["src/core/", "src/compose/", "src/config.ts", LOG, "src/access/mod.ts", "src/runtimes/registry.ts"],
      ...["src/host/service_manager.ts", "src/host/launchers.ts"],
    ],
    types: ["src/runtimes/entry.ts"],
  },
  "src/config.ts": { code: ["src/core/", LOG, "src/host/machine_memory.ts", "src/runtimes/registry.ts"] },
  "src/log.ts": { code: ["src/core/"] },
  "src/compose/": { code: ["src/"] },
  "main.ts": { code: ["src/cli/mod.ts", "src/cli/preflight.ts"] },
};

/** The places that may import each package; an unnamed package may be imported nowhere in the service. */
export const DOORS: Readonly<Record<string, readonly string[]>> = {
  "zod": ["src/core/", "src/commands/", "src/config.ts", "src/server/", "src/cli/", "src/runtimes/*/settings.ts"],
  "prom-client": ["src/metrics.ts"],
  "@lezer/common": ["src/needs/"],
  "@lezer/javascript": ["src/needs/javascript/"],
  "@lezer/python": ["src/needs/python/"],
  "diff": ["src/commands/"],
  "deno-std": ["src/"],
  "cidr-tools": ["src/core/permissions/private_networks.ts"],
  "web-streams-polyfill": ["src/runtimes/isolate/modules.ts"],
  "acorn": ["src/runtimes/interpreters/ecmascript/modules.ts"],
  "hono": ["src/server/"],
  "@modelcontextprotocol/server": ["src/server/mcp/"],
  "swagger-ui-dist": ["src/server/openapi/page/"],
  "zod-openapi": ["src/server/openapi/"],
  "content-disposition": ["src/server/http/form_body.ts"],
  "range-parser": ["src/server/http/file_conditions.ts"],
  "commander": ["src/cli/"],
  "eventsource-parser": ["src/cli/executions/", "src/server/mcp/bridge.ts", PAGE],
  "preact": [PAGE],
  "uplot": [PAGE],
  "@lezer/highlight": [PAGE],
  ...Object.fromEntries(
    ["autocomplete", "commands", "lang-javascript", "lang-python", "language", "legacy-modes", "state", "view"]
      .map((name) => [`@codemirror/${name}`, [PAGE]]),
  ),
  "@logtape/logtape": ["src/log.ts"],
  "@logtape/pretty": ["src/log.ts"],
  "modern-tar": ["src/workspace/archive/tar.ts", "src/runtimes/docker/program/file_archive.ts"],
  "dockerode": ["src/runtimes/docker/engine/"],
  "@types/dockerode": ["src/runtimes/docker/engine/"],
};

/** Source text that belongs to one place. */
export const SOURCE_RULES: readonly {
  readonly pattern: RegExp;
  readonly only: readonly string[];
  readonly what: string;
}[] = [
  {
    pattern: /new Deno\.Command\(/,
    only: ["src/process/spawn.ts", "src/runtimes/deno/canaries.ts"], // A canary is a program that tries to.
    what: "starts a process",
  },
  { pattern: /\bDeno\.env\b/, only: ["src/config.ts"], what: "reads the environment" },
  {
    pattern: /\bDate\.now\b|\bnew Date\(\)/, // It may be set at any moment: no deadline and no interval is measured by it.
    only: [
      ...["src/concurrency/clock.ts", "src/host/instance.ts", "src/storage/", "src/audit/", "src/engine/executions.ts"],
      ...["src/runtimes/docker/container/environment_container.ts", "src/runtimes/docker/program/file_archive.ts"],
      ...[
        "src/server/rpc/session_methods.ts",
        "src/server/compat/e2b/code.ts",
        "src/server/compat/jupyter/messages.ts",
        "src/cli/",
        "src/compose/",
        PAGE,
      ],
      "src/runtimes/isolate/prelude/", // It is a program's.
    ],
    what: "reads the time of day",
  },
  {
    pattern: /\bDeno\.(read|open|stat)\w*\(\s*new URL\(/, // No package of the service has the file: import its text.
    only: ["src/runtimes/wasm/child/"], // It runs elsewhere, among files that the service has written.
    what: "reads a file by its address",
  },
  {
    pattern: /"node:sqlite"/,
    only: ["src/storage/", "src/runtimes/deno/interpreter/orders.js"], // The latter stores nothing.
    what: "uses SQLite",
  },
  { pattern: /\bas any\b|: any\b/, only: [], what: "uses any" },
];

/** The runtimes of the design and those of the registry. */
const RUNTIME_NAMES = new Set([
  ...["docker", "deno", "bun", "node", "wasm", "isolate", "native"],
  ...RUNTIMES.map(({ name }) => name),
]);

/** Names of runtimes that are also ordinary words of code. */
const ORDINARY_WORDS = new Set(["node", "isolate", "native"]);

/** Files outside the runtimes' own folders that may name runtimes, and why. */
export const MAY_NAME_RUNTIMES: Readonly<Record<string, string>> = {
  "src/cli/preflight.ts": "the binary that runs the service",
  "src/core/answers/vocabulary.ts": "the design's types of runtime",
  "src/core/permissions/environment_variables.ts": "prefixes of variables that interpreters read",
  "src/core/languages.ts": "environment names that are spelled alike",
  "src/core/version.ts": "the file that states the version",
  "src/needs/javascript/": "names that programs use",
  "src/runtimes/interpreters/ecmascript/stack_traces.js": "a word of stack traces",
  "src/runtimes/registry.ts": "the table of runtimes",
  "src/runtimes/service_binary/": "the binary that runs the service runs programs and installs packages",
  "src/sandbox/machine_checks.ts": "the binary that runs the service",
  "src/server/compat/piston/languages.ts": "names of languages in Piston's protocol",
  "src/server/console/page/run/languages.ts": "environment names that are spelled alike",
  "src/server/rpc/legacy/translate_params.ts": "a field of the original protocol",
};

const TOKEN =
  /\/\*[\s\S]*?\*\/|\/\/.*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\bDeno(?![\w$])(?:\.[A-Za-z]+)*|[A-Za-z_$][\w$]*/g;

/** Node's modules, and the directory of packages, in a string. */
const OF_MODULES = /\bnode(?::[a-z]|_modules\b)/g;

/**
 * The strings that have a word which names a runtime, and the identifiers that do; comments and Deno's own API are left
 * out.
 */
export function runtimeNamesIn(source: string): string[] {
  return [...source.matchAll(TOKEN)].map(([token]) => token).filter((token) => {
    if (token.startsWith("/") || /^Deno(\.|$)/.test(token)) return false;
    if (/^["'`]/.test(token)) {
      const text = token.replaceAll(OF_MODULES, "").replaceAll(/\$\{([^}]*)\}/g, " ");
      const expressions = [...token.matchAll(/\$\{([^}]*)\}/g)].map(([, expression = ""]) => expression);
      return /docker/i.test(text) || (text.match(/[a-z0-9]+/gi) ?? []).some((word) =>
        RUNTIME_NAMES.has(word.toLowerCase())
      ) || (token.startsWith("`") && expressions.some((expression) => runtimeNamesIn(expression).length > 0));
    }
    const words = token.split(/(?<=[a-z0-9])(?=[A-Z])|_/).map((word) => word.toLowerCase());
    return words.some((word) => RUNTIME_NAMES.has(word) && !ORDINARY_WORDS.has(word));
  });
}

const MAX_FIRST_SENTENCE_WORDS = 15;

/** Finds first sentences of doc comments with more than 15 words. A link counts as one word. */
export function longFirstSentencesIn(source: string): string[] {
  return [...source.matchAll(/\/\*\*([\s\S]*?)\*\//g)].map(([, comment = ""]) => firstSentenceOf(comment)).filter(
    (sentence) => sentence.split(/\s+/).length > MAX_FIRST_SENTENCE_WORDS,
  );
}

function firstSentenceOf(comment: string): string {
  const text = comment.replaceAll(/^\s*\*/gm, "").replaceAll(/\{@link\s+([^\s}]+)[^}]*\}/g, "$1").trim();
  return text.startsWith("@") ? "" : text.split(/\.(?:\s|$)/)[0] ?? "";
}
