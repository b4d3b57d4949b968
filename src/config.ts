import { z } from "zod";
import { MAX_ISOLATION } from "./core/capabilities.ts";
import { CodeBeakerError, messageOf } from "./core/errors.ts";
import { apiKeysSchema, type ConfiguredKey } from "./core/key_policy.ts";
import { oneOf, parseAs, strictObject } from "./core/parsing/validation.ts";
import { readBoolean, readList, readWhole } from "./core/parsing/written_values.ts";
import { LOG_LEVELS } from "./log.ts";

/** Settings are numbers and lists in the file and text in flags and variables: both forms are taken. */
const written = <Schema extends z.ZodType>(read: (text: string) => unknown, schema: Schema) =>
  z.preprocess((value) => typeof value === "string" ? read(value) : value, schema);
const whole = (min: number, max: number) => written(readWhole, z.int().min(min).max(max));
const list = <Item extends z.ZodType>(item: Item) => written(readList, z.array(item));
const yesOrNo = written(readBoolean, z.boolean());
const absolute = z.string().startsWith("/", "Must be an absolute path");
const network = z.union([z.ipv4(), z.cidrv4()], { error: "Must be an IPv4 address or a network as 10.0.0.0/8" });

/** JSON; text that is none stays as it is, and no schema here takes it. */
function readJsonText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Every setting: what it takes, what holds without it, and what `--help` says of it. */
export const SETTINGS = {
  host: {
    schema: z.string().min(1),
    default: "127.0.0.1",
    help: "address to listen on; without API keys, loopback only",
  },
  port: { schema: whole(0, 65_535), default: 8000, help: "port to listen on; 0 takes a free one" },
  scratch: { schema: absolute, default: "the system's", help: "directory for what lasts no longer than the service" },
  logLevel: {
    schema: oneOf(LOG_LEVELS),
    default: "info",
    help: `least level that is logged: ${LOG_LEVELS.join(", ")}`,
  },
  minIsolation: {
    schema: whole(0, MAX_ISOLATION),
    default: 7,
    help: "isolation floor; requests can raise it and not lower it",
  },
  maxConcurrent: { schema: whole(1, 10_000), default: "max(8, 4 x cores)", help: "programs that run at the same time" },
  memoryBudgetMb: {
    schema: whole(64, 16_777_216),
    default: "3/4 of the machine's",
    help: "MB of memory that programs and workspaces may take together",
  },
  warmMax: {
    schema: whole(0, 1_000),
    default: 4,
    help: "processes or containers of one kind that are made ahead of time at most; 0 for none",
  },
  warmMemoryMb: {
    schema: whole(0, 1_048_576),
    default: 512,
    help: "MB of memory that everything made ahead of time may take together",
  },
  warmIdleMs: {
    schema: whole(1_000, 86_400_000),
    default: 60_000,
    help: "how long something is kept ready that nobody asks for any more",
  },
  probe: {
    schema: yesOrNo,
    default: true,
    help: "whether languages that several runtimes can run are measured after the start, while nothing else runs",
  },
  maxSessions: { schema: whole(0, 100_000), default: 1_000, help: "sessions that may be open at the same time" },
  allowInstall: {
    schema: yesOrNo,
    default: true,
    help: "whether packages may be installed into sessions, which needs network: true or false",
  },
  maxBodyBytes: { schema: whole(1_024, 1_073_741_824), default: 16_777_216, help: "largest request body" },
  drainMs: { schema: whole(0, 300_000), default: 10_000, help: "how long running programs may go on after SIGTERM" },
  readRoots: { schema: list(absolute), default: "", help: "directories below which requests may ask to read" },
  writeRoots: { schema: list(absolute), default: "", help: "directories below which requests may ask to write" },
  openNetworks: {
    schema: list(network),
    default: "",
    help: "private IPv4 networks that programs with network may reach",
  },
  home: {
    schema: absolute,
    default: "~/.codebeaker",
    help: "directory for what lasts: this service's identity and what it keeps; each service has its own",
  },
  apiKeys: {
    schema: apiKeysSchema,
    default: "",
    help:
      'keys of clients, each of at least 32 characters: name=key,name2=key2, or as JSON: [{"name": "ci", "key": "…", "scopes": ["execute"]}]',
  },
  outputRetentionHours: {
    schema: whole(1, 87_600),
    default: 24,
    help: "how long executions are kept after their end, with what they printed",
  },
  maxStoredOutputMb: {
    schema: whole(128, 1_048_576),
    default: 1_024,
    help: "MB that kept executions may take; beyond it, those that ended first go",
  },
  auditRetentionDays: { schema: whole(1, 36_500), default: 90, help: "how long lines of the audit log are kept" },
  keepSource: {
    schema: yesOrNo,
    default: false,
    help: "whether the audit log keeps code, stdin and variables of executions: true or false",
  },
  dockerHost: {
    schema: z.string().min(1),
    default: "DOCKER_HOST, or unix:///var/run/docker.sock",
    help: "where the Docker Engine listens: unix://path or tcp://host:port",
  },
  dockerCertPath: {
    schema: absolute,
    default: "DOCKER_CERT_PATH, where DOCKER_TLS_VERIFY is set",
    help: "directory with ca.pem, cert.pem and key.pem for an Engine behind TLS",
  },
  dockerPull: {
    schema: oneOf(["missing", "never", "always"]),
    default: "missing",
    help: "when images are pulled: missing, never, always (once after each start)",
  },
  dockerEnvironments: {
    schema: written(readJsonText, z.record(z.string(), z.unknown())),
    default: "the official images",
    help:
      'images by environment name, as JSON: {"ruby": {"image": "ruby:3", "file": "main.rb", "run": ["ruby", "{file}"]}}',
  },
  denoBinary: { schema: z.string().min(1), default: "the running one", help: "the deno that runs programs" },
  npmRegistry: {
    schema: z.url({ protocol: /^https?$/, error: "Must be a URL of http or https" }),
    default: "npm's own",
    help: "registry that the deno runtime installs packages from",
  },
} as const;

/** The name of a setting, as the file spells it. */
export type SettingName = keyof typeof SETTINGS;

/** Every setting, in the order of `--help`. */
export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

/** Every setting that was given somewhere. */
type Given = { -readonly [Name in SettingName]?: z.output<(typeof SETTINGS)[Name]["schema"]> | undefined };

const VARIABLE_PREFIX = "CODEBEAKER_";
/** The variable that names the file of settings; it is no setting. */
const FILE_VARIABLE = `${VARIABLE_PREFIX}CONFIG`;
/** Where Docker's own tools look when nothing is said. */
const SOCKET = "unix:///var/run/docker.sock";

/** Everything that can be set, resolved. */
export interface Config {
  readonly host: string;
  readonly port: number;
  readonly scratch: string;
  readonly logLevel: typeof LOG_LEVELS[number];
  readonly minIsolation: number;
  readonly maxConcurrent: number;
  /** Undefined where nothing is said, and the machine decides. */
  readonly memoryBudgetMb: number | undefined;
  readonly warmMax: number;
  readonly warmMemoryMb: number;
  readonly warmIdleMs: number;
  readonly probe: boolean;
  readonly maxSessions: number;
  readonly allowInstall: boolean;
  readonly maxBodyBytes: number;
  readonly drainMs: number;
  readonly readRoots: readonly string[];
  readonly writeRoots: readonly string[];
  readonly openNetworks: readonly string[];
  readonly denoBinary: string | undefined;
  /** Directories in which a binary is looked for that is named without one. */
  readonly searchPath: readonly string[];
  readonly npmRegistry: string | undefined;
  /** Undefined where there is no home directory. */
  readonly home: string | undefined;
  readonly apiKeys: readonly ConfiguredKey[];
  readonly outputRetentionHours: number;
  readonly maxStoredOutputMb: number;
  readonly auditRetentionDays: number;
  /** Whether the audit log keeps what was run. */
  readonly keepSource: boolean;
  readonly dockerHost: string;
  readonly dockerCertPath: string | undefined;
  readonly dockerPull: "missing" | "never" | "always";
  readonly dockerEnvironments: Readonly<Record<string, unknown>>;
}

/** The variable that holds a setting: `maxConcurrent` is `CODEBEAKER_MAX_CONCURRENT`. */
export function variableOf(name: SettingName): string {
  return VARIABLE_PREFIX + name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/** The flag that holds a setting: `maxConcurrent` is `--max-concurrent`. */
export function flagOf(name: SettingName): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/**
 * The settings: flags win, then variables, then the file, then the defaults.
 *
 * @param flags settings by name as the command line gave them; `config` names the file
 * @throws {CodeBeakerError} `invalid_request` that names the setting as its source spells it and, for an unknown one,
 *   the nearest
 */
export async function loadConfig(flags: Readonly<Record<string, unknown>> = {}): Promise<Config> {
  const { config: flaggedFile, ...flagged } = flags;
  const { [FILE_VARIABLE]: variableFile, ...variables } = readVariables();
  const file = flaggedFile ?? variableFile;
  const asFlags = Object.fromEntries(
    SETTING_NAMES.flatMap((name) => name in flagged ? [[flagOf(name), flagged[name]]] : []),
  );
  const given: Given = {
    ...(typeof file === "string"
      ? readSettings(await readJson(file), { what: `the file ${file}`, spell: (name) => name })
      : {}),
    ...readSettings(variables, { what: "the variables", spell: variableOf }),
    ...readSettings(asFlags, { what: "the flags", spell: flagOf }),
  };
  return {
    host: given.host ?? SETTINGS.host.default,
    port: given.port ?? SETTINGS.port.default,
    scratch: given.scratch ?? temporaryDirectory(),
    logLevel: given.logLevel ?? SETTINGS.logLevel.default,
    minIsolation: given.minIsolation ?? SETTINGS.minIsolation.default,
    maxConcurrent: given.maxConcurrent ?? Math.max(8, 4 * navigator.hardwareConcurrency),
    memoryBudgetMb: given.memoryBudgetMb,
    warmMax: given.warmMax ?? SETTINGS.warmMax.default,
    warmMemoryMb: given.warmMemoryMb ?? SETTINGS.warmMemoryMb.default,
    warmIdleMs: given.warmIdleMs ?? SETTINGS.warmIdleMs.default,
    probe: given.probe ?? SETTINGS.probe.default,
    maxSessions: given.maxSessions ?? SETTINGS.maxSessions.default,
    allowInstall: given.allowInstall ?? SETTINGS.allowInstall.default,
    maxBodyBytes: given.maxBodyBytes ?? SETTINGS.maxBodyBytes.default,
    drainMs: given.drainMs ?? SETTINGS.drainMs.default,
    readRoots: given.readRoots ?? [],
    writeRoots: given.writeRoots ?? [],
    openNetworks: given.openNetworks ?? [],
    denoBinary: given.denoBinary,
    searchPath: (readVariable("PATH") ?? "").split(":").filter((directory) => directory.startsWith("/")),
    npmRegistry: given.npmRegistry,
    home: given.home ?? below(readVariable("HOME"), ".codebeaker"),
    apiKeys: given.apiKeys ?? [],
    outputRetentionHours: given.outputRetentionHours ?? SETTINGS.outputRetentionHours.default,
    maxStoredOutputMb: given.maxStoredOutputMb ?? SETTINGS.maxStoredOutputMb.default,
    auditRetentionDays: given.auditRetentionDays ?? SETTINGS.auditRetentionDays.default,
    keepSource: given.keepSource ?? SETTINGS.keepSource.default,
    dockerHost: given.dockerHost ?? readVariable("DOCKER_HOST") ?? SOCKET,
    dockerCertPath: given.dockerCertPath ?? certPath(),
    dockerPull: given.dockerPull ?? SETTINGS.dockerPull.default,
    dockerEnvironments: given.dockerEnvironments ?? {},
  };
}

/** The settings of one source, under the names that it gives them. Those that are absent stay absent. */
function readSettings(
  values: unknown,
  { what, spell }: { readonly what: string; spell(name: SettingName): string },
): Given {
  const shape = Object.fromEntries(SETTING_NAMES.map((name) => [spell(name), SETTINGS[name].schema.optional()]));
  const parsed = parseAs(strictObject(shape), values, { what });
  return Object.fromEntries(
    SETTING_NAMES.flatMap((name) => spell(name) in parsed ? [[name, parsed[spell(name)]]] : []),
  );
}

function readVariables(): Record<string, string> {
  if (!mayReadVariables()) return {};
  return Object.fromEntries(Object.entries(Deno.env.toObject()).filter(([name]) => name.startsWith(VARIABLE_PREFIX)));
}

function temporaryDirectory(): string {
  return readVariable("TMPDIR") ?? "/tmp";
}

/** Where Docker's own tools look for certificates, when they are told to. */
function certPath(): string | undefined {
  if (readVariable("DOCKER_TLS_VERIFY") === undefined) return undefined;
  return readVariable("DOCKER_CERT_PATH") ?? below(readVariable("HOME"), ".docker");
}

function below(directory: string | undefined, name: string): string | undefined {
  return directory === undefined ? undefined : `${directory}/${name}`;
}

/** A variable that is set to something. */
function readVariable(name: string): string | undefined {
  return (mayReadVariables() ? Deno.env.get(name) : undefined) || undefined;
}

/** A service next to Deno Deploy, or under `deno serve` with few permissions, may not look: then no variable is set. */
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
 * V8 quotes what stands around the fault, which may be a secret: `Unexpected token 'x', ..."key": "xyz"... is not valid
 * JSON`.
 */
function withoutExcerpt(message: string): string {
  return message.replace(/,? ?(\.\.\.)?".*"(\.\.\.)? is not valid JSON/s, "") + " (it must be JSON)";
}
