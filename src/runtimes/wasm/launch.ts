import { extname, join } from "@std/path";
import { WORKSPACE_ROOT } from "../../core/workspace_path.ts";
import { flagList } from "../service_binary/flag_list.ts";
import { SERVICE_BINARY_FLAGS, serviceBinaryVariables } from "../service_binary/service_binary.ts";
import type { Mount } from "../../sandbox/mount.ts";
import { OWN_ROOT } from "../process/mounts.ts";
import type { FileProgram, Launch, LaunchSite } from "../process/launch.ts";
import type { LanguageRow, ModuleSet } from "./languages/row.ts";
import { MODULE_HOST } from "./module_host.ts";

/** The directory of the modules that run inside the child. */
const MODULES = "modules";
/** Deno's own directory, one for each environment. */
export const CACHE_NAME = "deno_dir";

/** Where a module finds temporary files, whatever the host's path. */
const TEMPORARY = "/tmp";
/** The path of a language's parts in a program's own file system. */
const OWN_PARTS = join(OWN_ROOT, "parts");
/** The argument after the parts of a process that waits for its program. It has time to prepare itself. */
const WAITS = "waits";
/** The length of the orders before them, in hexadecimal digits; begin.js has the same. */
const LENGTH_DIGITS = 8;

/** The flags of every process beside its paths. */
export const COMMON_FLAGS: readonly string[] = [
  ...SERVICE_BINARY_FLAGS,
  ...["--no-config", "--no-lock", "--no-npm", "--no-remote", "--deny-import", "--deny-net", "--deny-run", "--deny-sys"],
];

/** The file of the module that a compiler makes, in the directory of its output. */
const MADE_MODULE = "main.wasm";

/** A program of one of the languages, and the start of its process. */
interface HostedProgram {
  /** The module that begins, in the directory of the modules. */
  readonly main: string;
  /** The directory of a compiler's output; absent, there is none. */
  readonly output?: Mount;
  readonly v8Flags?: readonly string[];
  /** The directory of the language's parts, the process's argument; absent, there is none. */
  readonly parts?: Mount;
  readonly variables: Readonly<Record<string, string>>;
  /** The orders of the program beside its variables. */
  readonly orders: Readonly<Record<string, unknown>>;
}

/** The parts of a program's file that every launch needs. */
type ModuleProgram = Pick<FileProgram, "args" | "path" | "variables">;

/** A language whose parts lie in a directory of this machine. */
export interface FoundLanguage {
  /** The path at which programs can read the parts. */
  readonly parts: string;
  readonly row: LanguageRow;
}

/** Modules by their paths below the directory of the spec. */
export function belowModules({ texts }: ModuleSet): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(texts).map(([path, text]) => [`${MODULES}/${path}`, text]));
}

/**
 * Launches a module. Its relative paths are those of the workspace, by every name that its libraries may have for that.
 *
 * @param made the name and the directory of a module that a compiler makes; absent, the module is the file
 */
export function launchModule(
  site: LaunchSite,
  { args, path, variables }: ModuleProgram,
  made?: { readonly name: string; readonly output: Mount },
): Launch {
  const { temporary, workspace } = site.mounts;
  return launchHosted(site, {
    main: MODULE_HOST.main,
    ...(made === undefined ? {} : { output: { ...made.output, access: "read" } as const }),
    variables,
    orders: {
      name: made?.name ?? path,
      file: made === undefined ? join(workspace.target, path) : join(made.output.target, MADE_MODULE),
      args,
      preopens: { [WORKSPACE_ROOT]: workspace.target, ".": workspace.target, [TEMPORARY]: temporary.target },
    },
  });
}

/** Launches a program of a language. */
export function launchInLanguage(
  site: LaunchSite,
  { args, path, variables, workingDirectory }: ModuleProgram & Pick<FileProgram, "workingDirectory">,
  language: FoundLanguage,
): Launch {
  const { host: { main } } = language.row;
  const orders = { file: join(WORKSPACE_ROOT, path), args };
  return launchInterpreter(site, { language, main, orders, variables, workingDirectory });
}

/** Launches the interpreter of a context. */
export function launchContext(
  site: LaunchSite,
  { language, main, variables }: Omit<InterpreterProgram, "orders" | "workingDirectory">,
): Launch {
  return launchInterpreter(site, { language, main, orders: {}, variables, workingDirectory: "." });
}

/** An interpreter, and the orders of its program beside the directories. */
interface InterpreterProgram
  extends Pick<FileProgram, "variables" | "workingDirectory">, Pick<HostedProgram, "main" | "orders"> {
  readonly language: FoundLanguage;
}

function launchInterpreter(
  site: LaunchSite,
  { language, main, orders, variables, workingDirectory }: InterpreterProgram,
): Launch {
  const { mounts: { temporary, workspace } } = site;
  const { row } = language;
  return launchHosted(site, {
    main,
    v8Flags: row.v8Flags,
    parts: mountParts(site, language),
    variables: { ...row.variables, ...variables },
    orders: {
      ...orders,
      directory: join(WORKSPACE_ROOT, workingDirectory),
      directories: { [WORKSPACE_ROOT]: workspace.target, [TEMPORARY]: temporary.target },
    },
  });
}

/** Launches the compiler of a language, and then the module that it makes. */
export function launchCompiled(
  site: LaunchSite,
  { output, ...program }: ModuleProgram & Pick<FileProgram, "compileArgs" | "sources"> & { readonly output: Mount },
  language: FoundLanguage,
): Launch {
  const { workspace } = site.mounts;
  const { compileArgs = [], path, sources = [], variables } = program;
  const { row: { host: { main }, v8Flags, variables: defaults } } = language;
  const name = path.slice(0, -extname(path).length || undefined);
  return {
    ...launchModule(site, { ...program, variables: { ...defaults, ...variables } }, { name, output }),
    compile: launchHosted(site, {
      main,
      v8Flags,
      parts: mountParts(site, language),
      output,
      variables: {},
      orders: {
        file: join(WORKSPACE_ROOT, path),
        made: MADE_MODULE,
        sources: sources.filter((other) => other !== path && /\.c$/.test(other)).map((other) =>
          join(WORKSPACE_ROOT, other)
        ),
        compileArgs,
        directories: { workspace: workspace.target, output: output.target },
      },
    }),
  };
}

function mountParts({ host: { confinement } }: LaunchSite, { parts: source }: FoundLanguage): Mount {
  return { source, target: confinement.canMount ? OWN_PARTS : source, access: "read" };
}

/**
 * Launches the process of a program. The orders and the variables come after the go, and the process does not depend on
 * them before.
 */
function launchHosted(
  { mounts }: Pick<LaunchSite, "mounts">,
  { main, orders, output, parts, v8Flags = [], variables }: HostedProgram,
): Launch {
  const { binary, temporary, workspace } = mounts;
  const cache = mounts.directory(CACHE_NAME);
  const modules = mounts.module(MODULES);
  const seen = [workspace, temporary, parts, output].filter((mount) => mount !== undefined);
  const written = seen.filter(({ access }) => access === "write");
  const env = { PWD: WORKSPACE_ROOT, TMPDIR: TEMPORARY, ...variables };
  const argv: Launch["argv"] = [
    binary.target,
    "run",
    ...COMMON_FLAGS,
    ...v8Flags.length === 0 ? [] : [`--v8-flags=${v8Flags.join(",")}`],
    ...flagList("--allow-read", seen.map(({ target }) => target)),
    ...flagList("--allow-write", written.map(({ target }) => target)),
    join(modules.target, main),
    ...parts === undefined ? [] : [parts.target],
  ];
  return {
    argv,
    ...parts === undefined ? {} : { waiting: { argv: [...argv, WAITS] } },
    workingDirectory: ".",
    variables: {},
    ownVariables: {
      ...serviceBinaryVariables({ cacheDirectory: cache.target, temporaryDirectory: temporary.target }),
      NO_COLOR: "1",
    },
    mounts: [...seen, cache, binary, modules],
    hasNetwork: false,
    startsOthers: false,
    handshake: "ready_and_go",
    orders: withLength(JSON.stringify({ ...orders, env })),
  };
}

function withLength(orders: string): string {
  const { length } = new TextEncoder().encode(orders);
  return `${length.toString(16).padStart(LENGTH_DIGITS, "0")}${orders}`;
}
