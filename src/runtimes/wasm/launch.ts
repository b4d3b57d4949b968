import { join } from "@std/path";
import { WORKSPACE_ROOT } from "../../core/workspace_path.ts";
import { flagList } from "../service_binary/flag_list.ts";
import { SERVICE_BINARY_FLAGS, serviceBinaryVariables } from "../service_binary/service_binary.ts";
import type { Mount } from "../../sandbox/mount.ts";
import { OWN_ROOT } from "../process/mounts.ts";
import type { FileProgram, Launch, LaunchSite } from "../process/launch.ts";
import type { LanguageRow } from "./languages/row.ts";

/** The directory of the modules that run inside the child, and the one that begins. */
export const MODULES = "modules";
export const MAIN = "wasi.js";
/** Deno's own directory, one for each environment. */
export const CACHE_NAME = "deno_dir";

/** Where a module finds temporary files, whatever the host's path. */
const TEMPORARY = "/tmp";
/** The path of a language's parts in a program's own file system. */
const OWN_PARTS = join(OWN_ROOT, "parts");
/** The length of the orders before them, in hexadecimal digits; begin.js has the same. */
const LENGTH_DIGITS = 8;

/** The flags of every process beside its paths. */
export const COMMON_FLAGS: readonly string[] = [
  ...SERVICE_BINARY_FLAGS,
  ...["--no-config", "--no-lock", "--no-npm", "--no-remote", "--deny-import", "--deny-net", "--deny-run", "--deny-sys"],
];

/** A program of one of the languages, and the start of its process. */
interface HostedProgram {
  /** The module that begins, in the directory of the modules. */
  readonly main: string;
  readonly v8Flags?: readonly string[];
  /** The directory of the language's parts, the process's argument; absent, there is none. */
  readonly parts?: Mount;
  readonly variables: Readonly<Record<string, string>>;
  /** The orders of the program beside its variables. */
  readonly orders: Readonly<Record<string, unknown>>;
}

/**
 * Launches a module. Its relative paths are those of the workspace, by every name that its libraries may have for that.
 */
export function launchModule(site: LaunchSite, { args, path, variables }: FileProgram): Launch {
  const { temporary, workspace } = site.mounts;
  return launchHosted(site, {
    main: MAIN,
    variables,
    orders: {
      name: path,
      file: join(workspace.target, path),
      args,
      preopens: { [WORKSPACE_ROOT]: workspace.target, ".": workspace.target, [TEMPORARY]: temporary.target },
    },
  });
}

/** A language whose parts lie in a directory of this machine. */
export interface FoundLanguage {
  /** The path at which programs can read the parts. */
  readonly parts: string;
  readonly row: LanguageRow;
}

/** Launches a program of a language. */
export function launchInLanguage(
  site: LaunchSite,
  { args, path, variables, workingDirectory }: FileProgram,
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
  { host: { confinement }, ...site }: LaunchSite,
  { language: { parts: source, row }, main, orders, variables, workingDirectory }: InterpreterProgram,
): Launch {
  const { mounts: { temporary, workspace } } = site;
  return launchHosted(site, {
    main,
    v8Flags: row.v8Flags,
    parts: { source, target: confinement.canMount ? OWN_PARTS : source, access: "read" },
    variables: { ...row.variables, ...variables },
    orders: {
      ...orders,
      directory: join(WORKSPACE_ROOT, workingDirectory),
      directories: { [WORKSPACE_ROOT]: workspace.target, [TEMPORARY]: temporary.target },
    },
  });
}

/**
 * Launches the process of a program. The orders and the variables come after the go, and the process does not depend on
 * them before.
 */
function launchHosted(
  { mounts }: Pick<LaunchSite, "mounts">,
  { main, orders, parts, v8Flags = [], variables }: HostedProgram,
): Launch {
  const { binary, temporary, workspace } = mounts;
  const cache = mounts.directory(CACHE_NAME);
  const modules = mounts.module(MODULES);
  const seen = parts === undefined ? [] : [parts];
  const own = [workspace, temporary].map(({ target }) => target);
  const env = { PWD: WORKSPACE_ROOT, TMPDIR: TEMPORARY, ...variables };
  return {
    argv: [
      binary.target,
      "run",
      ...COMMON_FLAGS,
      ...v8Flags.length === 0 ? [] : [`--v8-flags=${v8Flags.join(",")}`],
      ...flagList("--allow-read", [...own, ...seen.map(({ target }) => target)]),
      ...flagList("--allow-write", own),
      join(modules.target, main),
      ...seen.map(({ target }) => target),
    ],
    workingDirectory: ".",
    variables: {},
    ownVariables: {
      ...serviceBinaryVariables({ cacheDirectory: cache.target, temporaryDirectory: temporary.target }),
      NO_COLOR: "1",
    },
    mounts: [workspace, temporary, cache, binary, modules, ...seen],
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
