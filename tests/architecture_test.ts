import { assertEquals } from "@std/assert";
import { dirname, relative } from "@std/path";
import {
  DOORS,
  IMPORTS,
  longFirstSentencesIn,
  MAY_NAME_RUNTIMES,
  runtimeNamesIn,
  SOURCE_RULES,
} from "./architecture_rules.ts";
import { PROJECT } from "./support/service_process.ts";

const MAX_LINES = 600;
const MAX_LINES_OF_MAIN = 20;
const MAX_FILES_OF_FOLDER = 30;
const MIN_ENTRIES_OF_FOLDER = 3;
/** The service, and the page that runs in a browser. */
const ENTRIES = ["main.ts", "src/server/console/page/main.tsx"];
/** What a task makes of the page's source. */
const BUILT = "src/server/console/built";
/** What a task makes of the service's schemas. */
const CLIENT_TYPES = "client/types.ts";
/** Folders of src/runtimes/ that all runtimes share. */
const SHARED_ROOMS = [
  "denials",
  "ecmascript",
  "interpreters",
  "languages",
  "process",
  "selection",
  "self_test",
  "service_binary",
  "warm",
];

/** The packages that the service's start loads. First requests, runtimes and parsers load the others, each when it is needed. */
const OF_THE_START = ["@logtape/logtape", "cidr-tools", "commander", "deno-std", "hono", "zod"];

/** Rooms that first requests load, and the modules of them that the start loads for the routes alone. */
const AT_FIRST_REQUESTS = /^src\/server\/(compat|console|mcp|openapi)\//;
const OF_THE_ROUTES = [
  "src/server/compat/*/mod.ts",
  "src/server/compat/e2b/connect.ts",
  "src/server/compat/e2b/lines.ts",
  "src/server/compat/load_once.ts",
  "src/server/compat/mod.ts",
  "src/server/mcp/limits.ts",
  "src/server/mcp/mod.ts",
];

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly isDynamic: boolean;
  readonly kind: "code" | "types";
}

interface ModuleGraph {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly specifier: string;
      readonly isDynamic?: boolean;
      readonly code?: { readonly specifier?: string };
      readonly type?: { readonly specifier?: string };
    }[];
  }[];
}

async function readGraph(entry: string): Promise<ModuleGraph> {
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry],
    cwd: PROJECT,
  }).output();
  assertEquals(success, true);
  return JSON.parse(new TextDecoder().decode(stdout));
}

function toPath(specifier: string): string {
  return specifier.startsWith("file://")
    ? relative(PROJECT, decodeURIComponent(new URL(specifier).pathname))
    : specifier;
}

/** A type import shows as `type` alone; a code import of a TypeScript module as `code`. */
function edgesOf(graph: ModuleGraph): Edge[] {
  return graph.modules.flatMap(({ specifier, dependencies = [] }) =>
    dependencies.flatMap(({ code, isDynamic = false, type }) => {
      const target = code?.specifier ?? type?.specifier;
      return target === undefined ? [] : [{
        from: toPath(specifier),
        to: toPath(target),
        isDynamic,
        kind: code === undefined ? "types" as const : "code" as const,
      }];
    })
  ).filter(({ from }) => !from.includes(":") && !from.includes("node_modules"));
}

function matches(path: string, pattern: string): boolean {
  if (!pattern.includes("*")) return pattern.endsWith("/") ? path.startsWith(pattern) : path === pattern;
  const expression = pattern.replaceAll(".", "\\.").replaceAll("*", "[^/]+");
  return new RegExp(`^${expression}${pattern.endsWith("/") ? "" : "$"}`).test(path);
}

function ruleFor(path: string): [string, typeof IMPORTS[string]] {
  const found = Object.entries(IMPORTS).find(([pattern]) => matches(path, pattern));
  if (found === undefined) throw new Error(`${path} is in no room: add a row to IMPORTS`);
  return found;
}

/** The name of a package in an import of npm; undefined for another import. */
function packageOf(to: string): string | undefined {
  return /^npm:\/?(@[^/]+\/[^@/]+|[^@/]+)/.exec(to)?.[1];
}

/** Own folder: the one that the rule names, resolved for `*`. */
function isOwn(from: string, to: string, pattern: string): boolean {
  if (!pattern.endsWith("/")) return false;
  const depth = pattern.split("/").length - 1;
  return from.split("/").slice(0, depth).join("/") === to.split("/").slice(0, depth).join("/");
}

async function sourceFiles(directory: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(`${PROJECT}${directory}`)) {
    if (`${directory}${name}` === BUILT) continue;
    if (isDirectory) paths.push(...await sourceFiles(`${directory}${name}/`));
    else if (/\.(tsx?|js)$/.test(name) && !name.endsWith(".d.ts")) paths.push(`${directory}${name}`);
  }
  return paths;
}

const edges = (await Promise.all(ENTRIES.map(async (entry) => edgesOf(await readGraph(entry))))).flat();
const files = [...await sourceFiles("src/"), "main.ts"].toSorted();

Deno.test("every import stays within the import rules", () => {
  const offending = edges.filter(({ to }) => !to.includes(":")).filter(({ from, to, kind }) => {
    const [pattern, rule] = ruleFor(from);
    const allowed = kind === "code" ? rule.code : [...rule.code, ...rule.types ?? []];
    return !isOwn(from, to, pattern) && !allowed.some((target) => matches(to, target));
  });
  assertEquals(offending, []);
});

Deno.test("every third-party package comes in by its own door", () => {
  const packages = edges.filter(({ to }) => to.startsWith("npm:")).map(({ from, to }) => ({
    from,
    name: packageOf(to) ?? to,
  }));
  assertEquals(packages.length > 20, true);
  assertEquals(packages.filter(({ from, name }) => !(DOORS[name] ?? []).some((door) => matches(from, door))), []);
});

Deno.test("the start loads the packages that it needs, and no code of what first requests are for", () => {
  const atOnce = Map.groupBy(edges.filter(({ isDynamic, kind }) => !isDynamic && kind === "code"), ({ from }) => from);
  const loaded = new Set<string>();
  const load = (path: string) => {
    if (loaded.has(path)) return;
    loaded.add(path);
    for (const { to } of atOnce.get(path) ?? []) load(to);
  };
  load("src/cli/serve.ts");
  load("src/compose/assembly.ts"); // The start imports it later.
  assertEquals(loaded.size > 100, true);
  const packages = new Set([...loaded].flatMap((path) => packageOf(path) ?? []));
  assertEquals([...packages].toSorted(), OF_THE_START);
  const early = [...loaded].filter((path) => AT_FIRST_REQUESTS.test(path));
  assertEquals(early.filter((path) => !OF_THE_ROUTES.some((pattern) => matches(path, pattern))), []);
});

Deno.test("nothing imports in a circle", () => {
  const targets = Map.groupBy(edges.filter(({ to }) => !to.includes(":")), ({ from }) => from);
  const done = new Set<string>();
  function visit(path: string, trail: readonly string[]): string[] | undefined {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return undefined;
    for (const { to } of targets.get(path) ?? []) {
      const circle = visit(to, [...trail, path]);
      if (circle !== undefined) return circle;
    }
    done.add(path);
    return undefined;
  }
  for (const entry of ENTRIES) assertEquals(visit(entry, []), undefined);
});

Deno.test("every source file is reached from main.ts or from the page", () => {
  const reached = new Set(edges.flatMap(({ from, to }) => [from, to]));
  assertEquals(files.filter((path) => !reached.has(path)), []);
});

Deno.test("what belongs to one place is only there", async () => {
  const offences: string[] = [];
  for (const path of files) {
    const source = (await Deno.readTextFile(`${PROJECT}${path}`)).replaceAll(/^\s*(\*|\/\/|\/\*).*$/gm, "");
    for (const { pattern, only, what } of SOURCE_RULES) {
      if (pattern.test(source) && !only.some((place) => matches(path, place))) offences.push(`${path} ${what}`);
    }
  }
  assertEquals(offences, []);
});

Deno.test("only its own folder names a runtime", async () => {
  const offences: string[] = [];
  const found = new Set<string>();
  for (const path of everyFile("src")) {
    const room = /^src\/runtimes\/([^/]+)\//.exec(path)?.[1];
    if (room !== undefined && !SHARED_ROOMS.includes(room)) continue;
    const source = await Deno.readTextFile(`${PROJECT}${path}`);
    const names = runtimeNamesIn(/\.(tsx?|[cm]?js)$/.test(path) ? source : source.replaceAll(/^\s*#.*$/gm, ""));
    const exemption = Object.keys(MAY_NAME_RUNTIMES).find((place) => matches(path, place));
    if (names.length > 0 && exemption === undefined) offences.push(`${path}: ${names.join(", ")}`);
    if (names.length > 0 && exemption !== undefined) found.add(exemption);
  }
  assertEquals(offences, []);
  assertEquals(Object.keys(MAY_NAME_RUNTIMES).filter((place) => !found.has(place)), []);
});

Deno.test("runtimeNamesIn() finds strings and identifiers, and neither comments nor Deno's API", () => {
  const table: [source: string, names: string[]][] = [
    ['const name = "docker";', ['"docker"']],
    ['help: "the deno that runs programs"', ['"the deno that runs programs"']],
    ["'a native one'; `on ${where} by Docker`;", ["'a native one'", "`on ${where} by Docker`"]],
    ["`of ${config.denoBinary}`; `of ${node.type}`;", ["`of ${config.denoBinary}`"]],
    ['import * as fs from "node:fs"; join("node_modules", "isolated");', []],
    ["config.dockerHost ?? denoBinary", ["dockerHost", "denoBinary"]],
    ["class DenoRuntime extends docker_base {}", ["DenoRuntime", "docker_base"]],
    ['speaks("node") || isNative(node)', ['"node"']],
    ["// docker\n/* denoBinary */ Deno.version.deno; Deno.env.get(name);", []],
    ["wasMissing && isolated && bundle", []],
  ];
  for (const [source, names] of table) assertEquals(runtimeNamesIn(source), names, source);
});

Deno.test("every doc comment begins with a sentence of at most 15 words", async () => {
  const ofClient = everyFile("client").filter((path) => path !== CLIENT_TYPES);
  const sources = [...everyFile("src"), ...ofClient].filter((path) => /\.(tsx?|js|cjs)$/.test(path));
  const long = (await Promise.all(sources.map(async (path) => {
    const sentences = longFirstSentencesIn(await Deno.readTextFile(`${PROJECT}${path}`));
    return sentences.map((sentence) => `${path}: ${sentence.replaceAll(/\s+/g, " ")}`);
  }))).flat();
  assertEquals(long, []);
});

Deno.test("longFirstSentencesIn() counts the words up to the first full stop", () => {
  const fifteen = Array(15).fill("word").join(" ");
  const table: [source: string, sentences: string[]][] = [
    [`/** ${fifteen}. ${fifteen} ${fifteen}. */`, []],
    [`/** ${fifteen} more. */`, [`${fifteen} more`]],
    [`/**\n * ${fifteen}\n * more */`, [`${fifteen}\n more`]],
    [`/** ${fifteen}: {@link one of more} */`, [`${fifteen}: one`]],
    [`/** ${fifteen.replace("word word", "{@link two words}")}, 0.5 */`, []],
    [`/** @throws ${fifteen} */ /* ${fifteen} more */ // ${fifteen} more`, []],
  ];
  for (const [source, sentences] of table) assertEquals(longFirstSentencesIn(source), sentences, source);
});

Deno.test(`no source file is longer than ${MAX_LINES} lines, and main.ts no longer than ${MAX_LINES_OF_MAIN}`, async () => {
  const lengths = await Promise.all(
    [...everyFile("src"), "main.ts"].map(async (path) =>
      [path, (await Deno.readTextFile(`${PROJECT}${path}`)).split("\n").length - 1] as const
    ),
  );
  const capOf = (path: string) => path === "main.ts" ? MAX_LINES_OF_MAIN : MAX_LINES;
  assertEquals(lengths.filter(([path, lines]) => lines > capOf(path)), []);
});

Deno.test(`no folder has more than ${MAX_FILES_OF_FOLDER} files`, () => {
  const folders = Map.groupBy(everyFile("src"), (path) => path.slice(0, path.lastIndexOf("/")));
  assertEquals([...folders].filter(([, { length }]) => length > MAX_FILES_OF_FOLDER).map(([folder]) => folder), []);
});

Deno.test(`no folder has fewer than ${MIN_ENTRIES_OF_FOLDER} files and folders`, () => {
  const entries = new Set(
    everyFile("src").flatMap((path) =>
      path.split("/").map((_, depth, names) => names.slice(0, depth + 1).join("/")).slice(1)
    ),
  );
  const folders = Map.groupBy(entries, (path) => path.slice(0, path.lastIndexOf("/")));
  const small = [...folders].filter(([, { length }]) => length < MIN_ENTRIES_OF_FOLDER);
  assertEquals(small.map(([folder]) => folder), []);
});

/** Folders below `tests/` that mirror nothing of the source. */
const OF_TESTS_ALONE = ["attacks", "bench", "client", "docs", "jobs", "packaging", "support", "tiers", "workflows"];
/** Tests beside the rule, and why. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "tests/runtimes/checks/brief_test.ts": "tests checks of the conformance suite",
  "tests/runtimes/process/sh_runtime/conformance_process_test.ts": "tests a runtime that is only for tests",
  "tests/runtimes/wasm/modules_process_test.ts": "tests programs, and not the modules that load them",
};

Deno.test("tests lie where their source does: the folder is there, and no file of a test's name further down", () => {
  const stemOf = (path: string) => path.slice(path.lastIndexOf("/") + 1).replace(/\..*$/, "");
  const sources = everyFile("src").map((path) => ({ stem: stemOf(path), folder: dirname(path) }));
  const displaced = everyFile("tests").filter((path) => {
    if (!path.endsWith("_test.ts") || OF_TESTS_ALONE.includes(path.split("/")[1] ?? "")) return false;
    const folder = dirname(path).replace(/^tests/, "src");
    const stem = stemOf(path).replace(/(_properties)?(_process|_engine)?_test$/, "");
    const namesakes = sources.filter((source) => source.stem === stem);
    const isBeside = namesakes.some((source) => source.folder === folder);
    const isBelow = namesakes.some((source) => source.folder.startsWith(`${folder}/`));
    return !sources.some((source) => source.folder === folder) || (isBelow && !isBeside);
  });
  assertEquals(displaced.toSorted(), Object.keys(ELSEWHERE));
});

/** Every file below a folder, of whatever kind, that is written and not made. */
function everyFile(folder: string): string[] {
  if (folder === BUILT) return [];
  return [...Deno.readDirSync(`${PROJECT}${folder}`)].flatMap(({ name, isDirectory }) =>
    isDirectory ? everyFile(`${folder}/${name}`) : [`${folder}/${name}`]
  );
}
