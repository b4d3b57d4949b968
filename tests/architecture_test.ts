import { assertEquals } from "@std/assert";
import { relative } from "@std/path";
import { PROJECT } from "./support/service_process.ts";

/** What a folder (or file) may import of this project; `types` only as types. Its own folder always. */
interface Rule {
  readonly code: readonly string[];
  readonly types?: readonly string[];
}

const FOUNDATIONS = ["src/concurrency/", "src/host/", "src/process/", "src/sandbox/", "src/workspace/"];

const RULES: Readonly<Record<string, Rule>> = {
  "src/core/": { code: [] },
  "src/concurrency/": { code: ["src/core/"] },
  "src/host/": { code: ["src/core/", "src/concurrency/"] },
  "src/process/": { code: ["src/core/", "src/concurrency/", "src/host/"] },
  "src/sandbox/": { code: ["src/core/", "src/concurrency/", "src/host/", "src/process/"] },
  "src/workspace/": { code: ["src/core/", "src/concurrency/", "src/host/", "src/process/", "src/sandbox/"] },
  "src/runtimes/port.ts": {
    code: [],
    types: ["src/core/", ...FOUNDATIONS, "src/runtimes/warm/", "src/runtimes/self_test/"],
  },
  "src/runtimes/entry.ts": { code: [], types: ["src/core/", "src/sandbox/layers.ts", "src/runtimes/port.ts"] },
  "src/runtimes/registry.ts": {
    code: ["src/runtimes/*/entry.ts", "src/runtimes/lazy_runtime.ts"],
    types: ["src/runtimes/port.ts", "src/runtimes/entry.ts"],
  },
  "src/runtimes/lazy_runtime.ts": {
    code: [],
    types: ["src/core/", "src/runtimes/port.ts", "src/runtimes/entry.ts"],
  },
  "src/runtimes/selection/": {
    code: ["src/core/"],
    types: ["src/runtimes/port.ts", "src/runtimes/warm/warm_pool.ts"],
  },
  "src/runtimes/warm/": { code: ["src/core/", "src/concurrency/"], types: ["src/runtimes/port.ts"] },
  "src/runtimes/self_test/": { code: ["src/core/", "src/concurrency/", "src/host/"], types: ["src/runtimes/port.ts"] },
  "src/runtimes/process/": {
    code: ["src/core/", ...FOUNDATIONS, "src/runtimes/warm/", "src/runtimes/self_test/"],
    types: ["src/runtimes/port.ts", "src/runtimes/entry.ts"],
  },
  "src/runtimes/*/": {
    code: ["src/core/", ...FOUNDATIONS, "src/runtimes/process/", "src/runtimes/warm/", "src/runtimes/self_test/"],
    types: ["src/runtimes/port.ts", "src/runtimes/entry.ts"],
  },
  "src/commands/": { code: ["src/core/", "src/concurrency/"], types: ["src/runtimes/port.ts"] },
  "src/contexts/": {
    code: ["src/core/", "src/commands/mod.ts", "src/concurrency/"],
    types: ["src/runtimes/port.ts"],
  },
  "src/engine/": {
    code: [
      "src/core/",
      "src/commands/mod.ts",
      "src/runtimes/selection/",
      "src/concurrency/",
      "src/workspace/write_files.ts",
      "src/log.ts",
    ],
    types: ["src/runtimes/port.ts", "src/runtimes/warm/warm_pool.ts", "src/storage/storage.ts"],
  },
  "src/sessions/": {
    code: [
      "src/core/",
      "src/commands/mod.ts",
      "src/contexts/",
      "src/concurrency/",
      "src/workspace/write_files.ts",
      "src/log.ts",
    ],
    types: ["src/runtimes/port.ts", "src/storage/storage.ts", "src/engine/"],
  },
  "src/storage/": { code: ["src/core/", "src/log.ts"], types: ["src/engine/observer.ts", "src/engine/port.ts"] },
  "src/audit/": {
    code: ["src/core/", "src/log.ts"],
    types: ["src/engine/observer.ts", "src/engine/port.ts", "src/storage/storage.ts"],
  },
  "src/access/": { code: ["src/core/", "src/concurrency/"], types: ["src/storage/storage.ts"] },
  "src/metrics.ts": {
    code: ["src/core/", "src/log.ts"],
    types: ["src/engine/observer.ts", "src/engine/port.ts", "src/runtimes/warm/warm_pool.ts"],
  },
  "src/server/": {
    code: [
      "src/core/",
      "src/commands/mod.ts",
      "src/log.ts",
      "src/concurrency/delay.ts",
      "src/host/tcp_connections.ts",
    ],
    types: [
      "src/engine/observer.ts",
      "src/engine/port.ts",
      "src/sessions/port.ts",
      "src/access/mod.ts",
      "src/metrics.ts",
      "src/runtimes/port.ts",
      "src/runtimes/selection/description.ts",
      "src/concurrency/byte_budget.ts",
      "src/workspace/uploads.ts",
    ],
  },
  "src/cli/": {
    code: [
      "src/core/",
      "src/access/mod.ts",
      "src/compose/",
      "src/config.ts",
      "src/log.ts",
      "src/runtimes/registry.ts",
    ],
    types: ["src/runtimes/entry.ts"],
  },
  "src/config.ts": {
    code: ["src/core/", "src/host/machine_memory.ts", "src/log.ts", "src/runtimes/registry.ts"],
  },
  "src/log.ts": { code: [] },
  "src/compose/": { code: ["src/"] },
  "main.ts": { code: ["src/cli/mod.ts"] },
};

/** The only places that may import a package; a package that is not named here may be imported nowhere in the service. */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  "zod": ["src/core/", "src/commands/", "src/config.ts", "src/server/", "src/runtimes/*/settings.ts"],
  "prom-client": ["src/metrics.ts"],
  "diff": ["src/commands/"],
  "deno-std": ["src/"],
  "cidr-tools": ["src/core/permissions/private_networks.ts"],
  "acorn": ["src/runtimes/deno/modules.ts"],
  "hono": ["src/server/"],
  "range-parser": ["src/server/http/file_conditions.ts"],
  "commander": ["src/cli/"],
  "@logtape/logtape": ["src/log.ts"],
  "modern-tar": ["src/workspace/archive/tar.ts", "src/runtimes/docker/program/file_archive.ts"],
  "dockerode": ["src/runtimes/docker/engine/"],
  "@types/dockerode": ["src/runtimes/docker/engine/"],
};

/** Words of the source that belong to one place. */
const SOURCE_RULES: readonly { readonly pattern: RegExp; readonly only: readonly string[]; readonly what: string }[] = [
  {
    pattern: /new Deno\.Command\(/,
    only: ["src/process/spawn.ts", "src/runtimes/deno/canaries.ts"], // A canary is a program that tries to.
    what: "starts a process",
  },
  { pattern: /\bDeno\.env\b/, only: ["src/config.ts"], what: "reads the environment" },
  {
    pattern: /\bDate\.now\b|\bnew Date\(\)/, // Somebody may set it at any moment: no deadline and no interval is measured by it.
    only: [
      "src/concurrency/clock.ts",
      "src/host/instance.ts",
      "src/storage/",
      "src/audit/",
      "src/engine/executions.ts",
      "src/runtimes/docker/container/environment_container.ts",
      "src/runtimes/docker/program/file_archive.ts",
      "src/server/rpc/session_methods.ts",
      "src/cli/",
      "src/compose/",
    ],
    what: "reads the time of day",
  },
  { pattern: /"node:sqlite"/, only: ["src/storage/"], what: "uses SQLite" },
  {
    pattern: /"(docker|deno|bun|node|wasm|isolate|native)"/,
    only: ["src/runtimes/", "src/compose/", "src/core/languages.ts"],
    what: "names a runtime",
  },
  { pattern: /\bas any\b|: any\b/, only: [], what: "uses any" },
];

const MAX_LINES = 350;

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly kind: "code" | "types";
}

interface ModuleGraph {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly specifier: string;
      readonly code?: { readonly specifier?: string };
      readonly type?: { readonly specifier?: string };
    }[];
  }[];
}

async function readGraph(): Promise<ModuleGraph> {
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "main.ts"],
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
    dependencies.flatMap(({ code, type }) => {
      const target = code?.specifier ?? type?.specifier;
      return target === undefined ? [] : [{
        from: toPath(specifier),
        to: toPath(target),
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

function ruleFor(path: string): [string, Rule] {
  const found = Object.entries(RULES).find(([pattern]) => matches(path, pattern));
  if (found === undefined) throw new Error(`${path} is in no room: add it to RULES and to the README's picture`);
  return found;
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
    if (isDirectory) paths.push(...await sourceFiles(`${directory}${name}/`));
    else if (/\.(ts|js)$/.test(name) && !name.endsWith(".d.ts")) paths.push(`${directory}${name}`);
  }
  return paths;
}

const edges = edgesOf(await readGraph());
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
    name: /^npm:\/?(@[^/]+\/[^@/]+|[^@/]+)/.exec(to)?.[1] ?? to,
  }));
  assertEquals(packages.length > 20, true);
  assertEquals(packages.filter(({ from, name }) => !(DOORS[name] ?? []).some((door) => matches(from, door))), []);
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
  assertEquals(visit("main.ts", []), undefined);
});

Deno.test("every source file is reached from main.ts", () => {
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

Deno.test(`no source file is longer than ${MAX_LINES} lines, and main.ts no longer than 20`, async () => {
  const lengths = await Promise.all(
    files.map(async (path) => [path, (await Deno.readTextFile(`${PROJECT}${path}`)).split("\n").length - 1] as const),
  );
  assertEquals(lengths.filter(([path, lines]) => lines > (path === "main.ts" ? 20 : MAX_LINES)), []);
});
