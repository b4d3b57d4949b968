import { dirname, join, relative } from "@std/path";
import { assert, assertEquals } from "@std/assert";
import { encodeContent } from "../../src/core/requests/content.ts";
import { bun } from "../../src/runtimes/bun/entry.ts";
import { RELEASE as BUN } from "../../src/runtimes/bun/release.ts";
import { findRelease, type Release } from "../../src/runtimes/ecmascript/release.ts";
import { node } from "../../src/runtimes/node/entry.ts";
import { RELEASE as NODE } from "../../src/runtimes/node/release.ts";
import { createRuntimes } from "../../src/runtimes/registry.ts";
import { ApiClient } from "../support/api_client.ts";
import { npmProject } from "../support/npm_tool.ts";
import { openService, type OwnService } from "../support/own_service.ts";
import { isPresent } from "../support/requirements.ts";
import { searchPath } from "../support/runtime_host.ts";
import { describe } from "../support/service_client.ts";

/** Packages whose tests and examples are programs of CommonJS, and print what they found. */
const SUBJECTS = [
  "json-stable-stringify@1.0.1",
  "minimist@1.2.0",
  "object-inspect@1.2.1",
  "shell-quote@1.4.3",
  "text-table@0.2.0",
  "traverse@0.6.6",
];
/** The harness of most of these tests. */
const HARNESS = "tape@3.6.1";
const PROGRAM = /\/(?:test|examples?)\/[^/]+\.js$/;
/** The program that prints the time of the day. */
const PRINTS_TIME = "node_modules/object-inspect/example/all.js";
/** Files of tests and examples. */
const BELOW_TESTS = /\/(?:test|examples?|bench)\//;
/** Files of packages that no program reads. */
const UNREAD = /\.(?:md|markdown|yml)$|\/(?:\.[^/]+|LICENSE|CONTRIBUTORS)$/;

/** The programs that must print something, at least. */
const LEAST_PROGRAMS = 60;
/** How many programs run at the same time. */
const AT_ONCE = 4;

/** The end of a program, without the paths of its directory. */
interface End {
  readonly program: string;
  readonly stdout: string;
  readonly exitCode: number | null;
}

const project = await npmProject("public-programs", [HARNESS, ...SUBJECTS]);
if (project !== undefined) {
  const [files, programs] = await collect(project);
  for (const release of [NODE, BUN]) {
    const { binary: name } = release;
    const binary = binaryOf(release);
    await using probed = await openWith(release, binary);
    if (!isPresent(name, await describe(probed, name)) || binary === undefined) continue;

    Deno.test(`[${name}] programs of public packages end on a forced ${name} as on the bare binary`, async () => {
      await using service = await openWith(release, binary);
      const client = new ApiClient(service);
      const force = { language: "javascript", runtime: name };
      const { stdout: workspace } = await client.json("POST", "/v1/executions", {
        ...force,
        code: "process.stdout.write(process.cwd())",
      });
      const directory = await Deno.makeTempDir();
      try {
        for (const [path, bytes] of files) {
          await Deno.mkdir(dirname(join(directory, path)), { recursive: true });
          await Deno.writeFile(join(directory, path), bytes);
        }
        const here = await endsOf(programs, async (entrypoint) => {
          const request = { ...force, files: uploadFor(entrypoint, files), entrypoint };
          const { exitCode, stdout } = await client.json("POST", "/v1/executions", request);
          return { stdout: stdout.replaceAll(workspace, ""), exitCode };
        });
        const bare = await endsOf(programs, async (program) => {
          const { code: exitCode, stdout } = await new Deno.Command(binary, {
            args: [program],
            cwd: directory,
            clearEnv: true,
            env: { NO_COLOR: "1", PATH: "/usr/bin:/bin" },
            stdin: "null",
          }).output();
          return { stdout: new TextDecoder().decode(stdout).replaceAll(directory, ""), exitCode };
        });
        assertEquals(here, bare);
        const printing = bare.filter(({ stdout }) => stdout !== "").length;
        assert(printing >= LEAST_PROGRAMS, `only ${printing} programs have printed something`);
      } finally {
        await Deno.remove(directory, { recursive: true });
      }
    });
  }
}

/** The files that a program may read: those of its package, and the modules of all others. */
function uploadFor(program: string, files: ReadonlyMap<string, Uint8Array>) {
  const own = program.split("/").slice(0, 2).join("/");
  const needed = [...files].filter(([path]) => path.startsWith(`${own}/`) || !BELOW_TESTS.test(path));
  return needed.map(([path, bytes]) => ({ path, ...encodeContent(bytes) }));
}

/** The files that programs may read, and the programs among them, by their paths in the project. */
async function collect(project: string): Promise<[ReadonlyMap<string, Uint8Array<ArrayBuffer>>, readonly string[]]> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for await (const path of filesBelow(join(project, "node_modules"))) {
    if (!UNREAD.test(path)) files.set(relative(project, path), await Deno.readFile(path));
  }
  const homes = SUBJECTS.map((subject) => `node_modules/${subject.slice(0, subject.lastIndexOf("@"))}/`);
  const isProgram = (path: string) =>
    homes.some((home) => path.startsWith(home) && PROGRAM.test(path) && path.split("/").length === 4) &&
    path !== PRINTS_TIME;
  return [files, [...files.keys()].filter(isProgram).toSorted()];
}

async function* filesBelow(directory: string): AsyncIterable<string> {
  for await (const { isDirectory, isFile, name } of Deno.readDir(directory)) {
    const path = join(directory, name);
    if (isDirectory) yield* filesBelow(path);
    else if (isFile) yield path;
  }
}

/** Runs all programs, a few at a time. */
async function endsOf(
  programs: readonly string[],
  run: (program: string) => Promise<Omit<End, "program">>,
): Promise<readonly End[]> {
  const ends: End[] = [];
  const left = programs.entries();
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (const [index, program] of left) ends[index] = { program, ...await run(program) };
  }));
  return ends;
}

/** The binary that the service would find by itself. Undefined where there is none. */
function binaryOf(release: Release): string | undefined {
  try {
    const search = { searchPath: searchPath(), setting: "", remedy: "" };
    return findRelease(release, { ...search, home: undefined, named: undefined });
  } catch {
    return undefined; // The service says why.
  }
}

/** A service with one runtime, on this very binary. */
async function openWith({ binary: name }: Release, binary: string | undefined): Promise<OwnService> {
  const runtimes = { [name]: { ...(binary === undefined ? {} : { [`${name}Binary`]: binary }) } };
  return await openService({ searchPath: searchPath(), runtimes }, {
    createRuntimes: (host) => createRuntimes(host, [node, bun].filter((entry) => entry.name === name)),
  });
}
