import { type KeyPolicy, keyPolicySchema, quotaSchema } from "../core/key_policy.ts";
import { permissionCeilingSchema } from "../core/permissions/permissions.ts";
import { parseAs, strictObject } from "../core/parsing/validation.ts";
import { readBoolean, readHosts, readList, readWhole } from "../core/parsing/written_values.ts";

const SCHEMAS = { ...permissionCeilingSchema.shape, ...quotaSchema.shape, ...keyPolicySchema.shape };

/** A flag about the rights of a key, and its field of the key's policy. */
interface PolicyFlag {
  readonly flag: string;
  readonly help: string;
  readonly field: Exclude<keyof typeof SCHEMAS, "permissions" | "quota">;
  /** Reads the field's value. Text of another form stays unchanged, and the schema refuses it. */
  read(text: string): unknown;
}

/** Every flag of `keys create`, in the order of `--help`. */
export const POLICY_FLAGS: readonly PolicyFlag[] = [
  {
    flag: "--scopes <names>",
    help: "what it is for: execute, sessions, admin (default: execute,sessions)",
    field: "scopes",
    read: readList,
  },
  {
    flag: "--min-isolation <level>",
    help: "an isolation floor that its requests can raise and not lower",
    field: "minIsolation",
    read: readWhole,
  },
  {
    flag: "--allow-net <hosts>",
    help: 'hosts that its programs may reach at most, as "example.com,10.1.2.3:80"; false is none, true any',
    field: "allowNet",
    read: readHosts,
  },
  {
    flag: "--allow-run <boolean>",
    help: "false: its requests may not ask for allowRun",
    field: "allowRun",
    read: readBoolean,
  },
  {
    flag: "--allow-env <names>",
    help: "variables that its requests may name in allowEnv at most",
    field: "allowEnv",
    read: readList,
  },
  {
    flag: "--allow-read <directories>",
    help: "directories below which its requests may ask to read at most",
    field: "allowRead",
    read: readList,
  },
  {
    flag: "--allow-write <directories>",
    help: "directories below which its requests may ask to write at most",
    field: "allowWrite",
    read: readList,
  },
  {
    flag: "--max-concurrent <count>",
    help: "programs that it may run at the same time",
    field: "maxConcurrent",
    read: readWhole,
  },
  {
    flag: "--max-sessions <count>",
    help: "sessions that it may have open at the same time",
    field: "maxSessions",
    read: readWhole,
  },
  {
    flag: "--executions-per-minute <count>",
    help: "programs that it may start within a minute",
    field: "executionsPerMinute",
    read: readWhole,
  },
  {
    flag: "--cpu-seconds-per-day <count>",
    help: "CPU time that its programs may use within a day (UTC)",
    field: "cpuSecondsPerDay",
    read: readWhole,
  },
];

/**
 * Parses the flags of `keys create` into a policy, and separates the settings.
 *
 * @throws {CodeBeakerError} `invalid_request` that names the flag
 */
export function parsePolicyFlags(
  flags: Readonly<Record<string, unknown>>,
): { readonly policy: KeyPolicy; readonly settings: Readonly<Record<string, unknown>> } {
  const settings = { ...flags };
  const given: Record<string, unknown> = {};
  for (const { field, read } of POLICY_FLAGS) {
    const text = settings[field];
    delete settings[field];
    if (typeof text === "string") given[field] = read(text);
  }
  checkSpelled(given);
  const inGroup = (shape: object) => Object.fromEntries(Object.entries(given).filter(([field]) => field in shape));
  const policy = keyPolicySchema.parse({
    ...inGroup(keyPolicySchema.shape),
    permissions: inGroup(permissionCeilingSchema.shape),
    quota: inGroup(quotaSchema.shape),
  });
  return { policy, settings };
}

/** Checks each value under the name of its flag. So a message names the typed text. */
function checkSpelled(given: Readonly<Record<string, unknown>>): void {
  const typed = POLICY_FLAGS.map(({ flag, field }) => ({ name: flag.split(" ")[0] ?? flag, field }));
  const schema = strictObject(Object.fromEntries(typed.map(({ name, field }) => [name, SCHEMAS[field]])));
  const values = typed.flatMap(({ name, field }) => field in given ? [[name, given[field]]] : []);
  parseAs(schema, Object.fromEntries(values), { what: "the flags" });
}
