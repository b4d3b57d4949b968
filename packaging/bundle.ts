import { basename, dirname, join, relative } from "@std/path";
import { PROJECT } from "./project.ts";
import { runDeno } from "./run_tool.ts";

/** The name of a bundle's entry. */
export const ENTRY = "main.js";
/** The file of a bundle that has the licences of the packages in it. */
export const LICENCES = "THIRD_PARTY_LICENSES.txt";

/** A module that another one loads by its address, such as that of a Worker. */
const LOADED_BY_ADDRESS = /new URL\("(\.\.?\/[^"]+)", import\.meta\.url\)/g;
/** What CommonJS calls the directory and the file of a module; a module of ECMAScript has no such names. */
const PLACES: Readonly<Record<string, string>> = {
  __dirname: "import.meta.dirname",
  __filename: "import.meta.filename",
};
const LICENCE_FILE = /^(licen[cs]e|copying|notice)/i;

/** What `deno info --json` says of a program. */
interface ModuleGraph {
  readonly modules: readonly { readonly kind: string; readonly specifier: string; readonly local?: string }[];
  readonly npmPackages: Readonly<Record<string, NpmPackage>>;
}

interface NpmPackage {
  readonly name: string;
  readonly version: string;
  readonly localPath: string;
}

/** A bundle of the service. */
export interface Bundle {
  readonly directory: string;
  /** {@link ENTRY}, and after it the modules that are loaded by their address, relative to the directory. */
  readonly entries: readonly string[];
}

/**
 * Writes the service as plain JavaScript, with every package and every text file in it: it needs Deno, and no registry, no
 * configuration and no TypeScript. Modules that are loaded lazily are files of their own.
 */
export async function bundleService(directory: string): Promise<Bundle> {
  const graph = await readGraph("main.ts");
  const addressed = await findAddressed(graph);
  const external = ["--external", "*.node"]; // Optional parts of packages, which nothing builds.
  await runDeno(["bundle", "--quiet", "--code-splitting", ...external, "--outdir", directory, "main.ts", ...addressed]);
  const files = await Array.fromAsync(listFiles(directory));
  const used = new Set<NpmPackage>();
  for (const file of files) {
    const text = await Deno.readTextFile(join(directory, file));
    const named = namePackages(text, graph, (found) => used.add(found));
    await Deno.writeTextFile(join(directory, file), definePlaces(addressModules(named, { file, addressed })));
  }
  await Deno.writeTextFile(join(directory, LICENCES), await collectLicences([...used]));
  return { directory, entries: [ENTRY, ...addressed.map(toJavaScript)] };
}

async function readGraph(entry: string): Promise<ModuleGraph> {
  return JSON.parse(await runDeno(["info", "--json", entry]));
}

/** Finds the modules that are loaded by their address, also by one another; returns their paths in the project. */
async function findAddressed(graph: ModuleGraph, known: ReadonlySet<string> = new Set()): Promise<string[]> {
  const found = new Set(known);
  for (const { kind, local } of graph.modules) {
    if (kind !== "esm" || local === undefined || !local.startsWith(PROJECT)) continue;
    for (const [, address = ""] of (await Deno.readTextFile(local)).matchAll(LOADED_BY_ADDRESS)) {
      found.add(relative(PROJECT, join(dirname(local), address)));
    }
  }
  for (const path of found.difference(known)) {
    for (const other of await findAddressed(await readGraph(path), found)) found.add(other);
  }
  return [...found].toSorted();
}

/** Names packages by their version where a bundle has the path that they have on this machine. */
function namePackages(text: string, { npmPackages }: ModuleGraph, onFound: (found: NpmPackage) => void): string {
  for (const found of Object.values(npmPackages)) {
    const path = `${relative(PROJECT, found.localPath)}/`;
    if (!text.includes(path)) continue;
    onFound(found);
    text = text.replaceAll(path, `npm:${found.name}@${found.version}/`);
  }
  return text;
}

/** Corrects the addresses of modules: a bundle has its modules in other places than the source. */
function addressModules(
  text: string,
  { file, addressed }: { readonly file: string; readonly addressed: readonly string[] },
): string {
  return text.replaceAll(LOADED_BY_ADDRESS, (whole, address: string) => {
    const path = addressed.find((path) => basename(path) === basename(address));
    if (path === undefined) return whole; // It stands in the text of a module that runs elsewhere.
    const place = relative(dirname(file), toJavaScript(path));
    return whole.replace(address, place.startsWith(".") ? place : `./${place}`);
  });
}

/** Defines the {@link PLACES} that a bundled module mentions. Without them, packages of CommonJS throw while they load. */
function definePlaces(text: string): string {
  const used = Object.entries(PLACES).filter(([name]) => text.includes(name));
  if (used.length === 0) return text;
  return `var ${used.map(([name, value]) => `${name} = ${value}`).join(", ")};\n${text}`;
}

function toJavaScript(path: string): string {
  return path.replace(/\.ts$/, ".js");
}

async function* listFiles(directory: string, below = ""): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(join(directory, below))) {
    const path = join(below, name);
    if (isDirectory) yield* listFiles(directory, path);
    else yield path;
  }
}

/** Makes the text with the licence of each package. */
async function collectLicences(packages: readonly NpmPackage[]): Promise<string> {
  const names = packages.toSorted((one, other) => one.name.localeCompare(other.name));
  const texts = await Promise.all(names.map(async ({ name, version, localPath }) => {
    const { license } = JSON.parse(await Deno.readTextFile(join(localPath, "package.json")));
    const files = (await Array.fromAsync(Deno.readDir(localPath))).filter((entry) => LICENCE_FILE.test(entry.name));
    const whole = await Promise.all(files.map((entry) => Deno.readTextFile(join(localPath, entry.name))));
    const title = [`${name} ${version}`, ...(license === undefined ? [] : [license])].join(": ");
    return [title, ...whole.map((text) => text.trim())].join("\n\n");
  }));
  return `${texts.join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}
