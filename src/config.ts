import { z } from "zod";
import { MAX_ISOLATION } from "./core/answers/vocabulary.ts";
import { CodeBeakerError, messageOf } from "./core/errors.ts";
import { apiKeysSchema } from "./core/key_policy.ts";
import { LIMITS, limitSettingSchema } from "./core/limits.ts";
import { oneOf } from "./core/parsing/validation.ts";
import { hostSchema } from "./core/permissions/hosts.ts";
import { absolutePath, listOf, somePath, wholeNumber, yesOrNo } from "./core/parsing/written_schemas.ts";
import {
  parseSettings,
  type ReadVariable,
  type SettingTable,
  type SettingValues,
  withDefaults,
} from "./core/settings.ts";
import { machineMemoryMb } from "./host/machine_memory.ts";
import { LOG_FORMATS, LOG_LEVELS } from "./log.ts";
import { RUNTIMES } from "./runtimes/registry.ts";

/** The programs' share of the machine's memory where the operator sets no budget. */
const MEMORY_SHARE = 0.75;

const network = z.union([z.ipv4(), z.cidrv4()], { error: "Must be an IPv4 address or a network as 10.0.0.0/8" });

/** A web origin as browsers send it: scheme, host and port. A port is present where it is not the scheme's own. */
const origin = z.string().refine(
  (text) => URL.canParse(text) && new URL(text).origin === text && /^https?:/.test(text),
  "Must be an origin as https://app.example, without a path and in lower case",
);

/** Each limit's own ceiling or default, as `--help` shows it. */
function shownLimits(field: "default" | "max"): string {
  return Object.entries(LIMITS).map(([name, range]) => `${name}=${range[field]}`).join(",");
}

/** The settings that belong to no runtime, in the order of `--help`. */
const GENERAL_SETTINGS = {
  host: {
    schema: z.string().min(1),
    default: "127.0.0.1",
    help: "address to listen on; without API keys, loopback only",
  },
  port: { schema: wholeNumber(0, 65_535), default: 8000, help: "port to listen on; 0 takes a free one" },
  scratch: {
    schema: absolutePath,
    default: (read: ReadVariable) => read("TMPDIR") ?? "/tmp",
    shown: "the system's",
    help: "directory for the service's temporary files",
    commands: ["run", "runtimes", "doctor", "mcp"],
  },
  logLevel: {
    schema: oneOf(LOG_LEVELS),
    default: "info",
    help: `least level that is logged: ${LOG_LEVELS.join(", ")}`,
    commands: ["mcp"],
  },
  logFormat: {
    schema: oneOf(LOG_FORMATS),
    default: "auto",
    help:
      "form of the log: pretty (text), json (one object a line), or auto, which is pretty on a terminal and else json",
    commands: ["mcp"],
  },
  logFile: {
    schema: absolutePath,
    default: undefined,
    shown: "",
    help: "file that the log is added to, in place of stderr; SIGHUP to a service opens it anew",
  },
  minIsolation: {
    schema: wholeNumber(0, MAX_ISOLATION),
    default: 7,
    help: "isolation floor; requests can raise it and not lower it",
    commands: ["doctor", "mcp"],
  },
  maxConcurrent: {
    schema: wholeNumber(1, 10_000),
    default: () => Math.max(8, 4 * navigator.hardwareConcurrency),
    shown: "max(8, 4 x cores)",
    help: "programs that run at the same time",
    commands: ["mcp"],
  },
  memoryBudgetMb: {
    schema: wholeNumber(64, 16_777_216),
    default: () => Math.floor(machineMemoryMb() * MEMORY_SHARE),
    shown: "3/4 of the machine's",
    help: "MB of memory that programs and workspaces may take together",
    commands: ["doctor", "mcp"],
  },
  warmMax: {
    schema: wholeNumber(0, 1_000),
    default: 4,
    help: "warm processes or containers of one kind at most; 0 for none",
    commands: ["mcp"],
  },
  warmMemoryMb: {
    schema: wholeNumber(0, 1_048_576),
    default: 512,
    help: "MB of memory for all warm processes and containers together",
    commands: ["mcp"],
  },
  warmIdleMs: {
    schema: wholeNumber(1_000, 86_400_000),
    default: 60_000,
    help: "how long a warm process or container is kept after the last request for its kind",
    commands: ["mcp"],
  },
  probe: {
    schema: yesOrNo,
    default: true,
    help:
      "whether the service measures languages that several runtimes can run, and rehearses, after the start while nothing else runs",
  },
  autoPrepare: {
    schema: yesOrNo,
    default: false,
    help:
      "whether runtimes and languages that can be installed are installed when they would be chosen first, in the background where another runtime can run the program: true or false",
    commands: ["run", "mcp"],
  },
  maxSessions: {
    schema: wholeNumber(0, 100_000),
    default: 1_000,
    help: "sessions that may be open at the same time",
    commands: ["mcp"],
  },
  allowInstall: {
    schema: yesOrNo,
    default: true,
    help: "whether packages may be installed into sessions, which needs network: true or false",
    commands: ["mcp"],
  },
  maxBodyBytes: { schema: wholeNumber(1_024, 1_073_741_824), default: 16_777_216, help: "largest request body" },
  drainMs: {
    schema: wholeNumber(0, 300_000),
    default: 10_000,
    help: "how long running programs may go on after SIGTERM",
    commands: ["mcp"],
  },
  readRoots: {
    schema: listOf(absolutePath),
    default: [],
    help: "directories below which requests may ask to read",
    commands: ["mcp"],
  },
  writeRoots: {
    schema: listOf(absolutePath),
    default: [],
    help: "directories below which requests may ask to write",
    commands: ["mcp"],
  },
  allowOrigins: {
    schema: listOf(origin),
    default: [],
    help: "web origins whose pages may call, as https://app.example; without API keys, loopback ones only",
  },
  openNetworks: {
    schema: listOf(network),
    default: [],
    help: "private IPv4 networks that programs with network may reach",
    commands: ["run", "mcp"],
  },
  allowedHosts: {
    schema: listOf(hostSchema),
    default: undefined,
    shown: "any, and the whole internet",
    help: "host or host:port that requests may name in allowNet at most; with a list no package is installed",
    commands: ["run", "mcp"],
  },
  limitCeilings: {
    schema: limitSettingSchema,
    default: {},
    shown: shownLimits("max"),
    help: "most that requests may ask of each limit, as timeoutMs=600000,memoryMb=8192",
    commands: ["run", "mcp"],
  },
  limitDefaults: {
    schema: limitSettingSchema,
    default: {},
    shown: shownLimits("default"),
    help: "limits of requests that name none, as timeoutMs=30000",
    commands: ["run", "mcp"],
  },
  home: {
    schema: somePath,
    default: (read: ReadVariable) => {
      const home = read("HOME");
      return home === undefined ? undefined : `${home}/.codebeaker`;
    },
    shown: "~/.codebeaker",
    help:
      "directory for the service's identity and records, absolute or below the working directory; each service has its own",
    commands: ["run", "runtimes", "doctor", "keys", "audit", "mcp"],
  },
  apiKeys: {
    schema: apiKeysSchema,
    default: [],
    help:
      'keys of clients, each of at least 32 characters: name=key,name2=key2, or as JSON: [{"name": "ci", "key": "…", "scopes": ["execute"]}]',
    commands: ["doctor"],
  },
  outputRetentionHours: {
    schema: wholeNumber(1, 87_600),
    default: 24,
    help: "how long executions and their output are kept after their end",
  },
  maxStoredOutputMb: {
    schema: wholeNumber(128, 1_048_576),
    default: 1_024,
    help: "MB that kept executions may take; beyond it, those that ended first are deleted",
  },
  auditRetentionDays: {
    schema: wholeNumber(1, 36_500),
    default: 90,
    help: "how long lines of the audit log are kept",
  },
  keepSource: {
    schema: yesOrNo,
    default: false,
    help: "whether the audit log keeps code, stdin and variables of executions: true or false",
  },
} as const satisfies SettingTable;

/** Every setting: the general ones, and those that runtimes bring. */
export const SETTINGS: SettingTable = Object.assign({}, GENERAL_SETTINGS, ...RUNTIMES.map(({ settings }) => settings));

/** A value for every setting, and further facts of the surroundings. */
export interface Config extends SettingValues<typeof GENERAL_SETTINGS> {
  /** The settings of each runtime by its name. */
  readonly runtimes: Readonly<Record<string, unknown>>;
  /** Directories in which a binary without a directory is looked up. */
  readonly searchPath: readonly string[];
}

const VARIABLE_PREFIX = "CODEBEAKER_";
/** The variable that names the file of settings; it is no setting. */
const FILE_VARIABLE = `${VARIABLE_PREFIX}CONFIG`;
/** The variable with the key that a command sends to a service. It is no setting. */
export const CLIENT_KEY_VARIABLE = `${VARIABLE_PREFIX}CLIENT_KEY`;
/** The variable in which a manager of services names its socket: sd_notify(3). */
const MANAGER_VARIABLE = "NOTIFY_SOCKET";

/** The variable that holds a setting: `maxConcurrent` is `CODEBEAKER_MAX_CONCURRENT`. */
export function variableOf(name: string): string {
  return VARIABLE_PREFIX + name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/** The flag that holds a setting: `maxConcurrent` is `--max-concurrent`. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/**
 * Loads the settings: flags win, then variables, then the file, then the defaults.
 *
 * @param flags settings by name as the command line gave them; `config` names the file
 * @throws {CodeBeakerError} `invalid_request` that names the setting as its source spells it and, for an unknown one,
 *   the nearest
 */
export async function loadConfig(flags: Readonly<Record<string, unknown>> = {}): Promise<Config> {
  const { config: flaggedFile, ...flagged } = flags;
  const { [FILE_VARIABLE]: variableFile, [CLIENT_KEY_VARIABLE]: _, ...variables } = readOwnVariables();
  const file = flaggedFile ?? variableFile;
  const asFlags = Object.fromEntries(Object.entries(flagged).map(([name, value]) => [flagOf(name), value]));
  const given = {
    ...(typeof file === "string" ? parseSettings(SETTINGS, await readJson(file), { what: `the file ${file}` }) : {}),
    ...parseSettings(SETTINGS, variables, { what: "the variables", spell: variableOf }),
    ...parseSettings(SETTINGS, asFlags, { what: "the flags", spell: flagOf }),
  };
  return {
    ...withDefaults(GENERAL_SETTINGS, given, readVariable),
    runtimes: Object.fromEntries(
      RUNTIMES.map(({ name, settings }) => [name, withDefaults(settings, given, readVariable)]),
    ),
    searchPath: (readVariable("PATH") ?? "").split(":").filter((directory) => directory.startsWith("/")),
  };
}

/** The key that a command sends to a service; undefined where none is given. */
export function readClientKey(): string | undefined {
  return readVariable(CLIENT_KEY_VARIABLE);
}

/** The socket of the manager that started this service, such as systemd. Undefined where none wants reports. */
export function readManagerSocket(): string | undefined {
  return readVariable(MANAGER_VARIABLE);
}

function readOwnVariables(): Record<string, string> {
  if (!mayReadVariables()) return {};
  return Object.fromEntries(Object.entries(Deno.env.toObject()).filter(([name]) => name.startsWith(VARIABLE_PREFIX)));
}

/** A variable of this process; undefined where it is absent or empty. */
function readVariable(name: string): string | undefined {
  return (mayReadVariables() ? Deno.env.get(name) : undefined) || undefined;
}

/**
 * Whether this process may read variables. A service next to Deno Deploy, or under `deno serve` with few permissions,
 * may not.
 */
function mayReadVariables(): boolean {
  return Deno.permissions.querySync({ name: "env" }).state === "granted";
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? withoutExcerpt(cause.message) : messageOf(cause);
    throw new CodeBeakerError("invalid_request", `Cannot read the configuration file ${path}: ${reason}`, { cause });
  }
}

/**
 * Removes the text that V8 quotes around a fault, which may be a secret. V8 writes `Unexpected token 'x', ..."key":
 * "xyz"... is not valid JSON`.
 */
function withoutExcerpt(message: string): string {
  return message.replace(/,? ?(\.\.\.)?".*"(\.\.\.)? is not valid JSON/s, "") + " (it must be JSON)";
}
