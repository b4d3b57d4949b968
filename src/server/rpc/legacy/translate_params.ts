import { z } from "zod";
import { COMMANDS } from "../../../commands/mod.ts";
import { invalidField } from "../../../core/errors.ts";
import { strictObject } from "../../../core/parsing/validation.ts";
import { warn } from "../call_context.ts";
import { isObject, type JsonObject } from "../../../core/parsing/json_object.ts";
import { foldName, matchNames } from "./match_names.ts";

/** A field of the original's requests. It has its present name and parent, and the conversion of its value. */
interface OldField {
  readonly old: string;
  readonly name: string;
  readonly below?: string;
  convert?(value: unknown): unknown;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

/** Fields with another name in the original. */
const OLD_FIELDS: readonly OldField[] = [
  { old: "timeout", name: "timeoutMs", convert: (seconds) => toMs(seconds, SECOND_MS) },
  { old: "idleTimeoutMinutes", name: "idleTimeoutMs", convert: (minutes) => toMs(minutes, MINUTE_MS) },
  { old: "maxLifetimeMinutes", name: "maxLifetimeMs", convert: (minutes) => toMs(minutes, MINUTE_MS) },
  { old: "runtimePreference", name: "preference", convert: toLowerCase },
  { old: "runtimeType", name: "runtime" },
  { old: "memoryLimit", name: "memoryMb", below: "limits" },
  { old: "memoryLimitMB", name: "memoryMb", below: "limits" },
  { old: "networkEnabled", name: "allowNet", below: "permissions" },
  { old: "disableNetwork", name: "allowNet", below: "permissions", convert: negate },
  { old: "allowNet", name: "allowNet", below: "permissions" },
  { old: "allowEnv", name: "allowEnv", below: "permissions" },
  { old: "allowRun", name: "allowRun", below: "permissions" },
];

/** Fields of the original that are ignored, although similar fields exist. */
const IGNORED = [
  "cpuLimit",
  "cpuShares",
  "dockerImage",
  "packages",
  "persistFilesystem",
  "readOnlyFilesystem",
  "security",
];

/** Permissions that are lists, and that the original writes as booleans. */
const LIST_PERMISSIONS = ["allowRead", "allowWrite", "allowEnv"];

/**
 * Translates the original's names and spellings to the present ones. `warnings` receives ignored fields. Returns a
 * value that is no object unchanged, and validates nothing.
 *
 * @throws {CodeBeakerError} `invalid_request` for a field that occurs twice, for example by its old and its present
 * name
 */
export function translateParams(schema: z.ZodObject, params: unknown, warnings: string[]): unknown {
  if (!isObject(params)) return params;
  const { shape } = schema;
  const old = OLD_FIELDS.filter((field) => (field.below ?? field.name) in shape && !(field.old in shape));
  const ignored = IGNORED.filter((name) => !(name in shape));
  const extra = [...old.map((field) => field.old), ...ignored].map((name) => [name, z.unknown()]);
  const known = schema.extend(Object.fromEntries(extra));
  const fields = { ...matchNames(known, spreadConfig(shape, params), { path: "", warnings }) as JsonObject };
  for (const name of ignored.filter((name) => Object.hasOwn(fields, name))) {
    warn(warnings, `"${name}": this field is ignored`);
    delete fields[name];
  }
  for (const field of old) moveField(fields, field);
  const { permissions } = fields;
  return isObject(permissions) ? { ...fields, permissions: toLists(permissions, warnings) } : fields;
}

/**
 * Translates a command object to the present names; returns an unknown command unchanged.
 *
 * @throws {CodeBeakerError} `invalid_request` for a field that occurs twice
 */
export function translateCommand(value: unknown, warnings: string[]): unknown {
  if (!isObject(value)) return value;
  const type = Object.entries(value).find(([name]) => foldName(name) === "type")?.[1];
  const command = COMMANDS.find((known) => [known.type, ...known.aliases].some((name) => isSameName(name, type)));
  if (command === undefined || !(command.schema instanceof z.ZodObject)) return value;
  const { shape } = command.schema;
  const known = strictObject({ type: z.unknown(), id: z.unknown(), ...shape });
  const commandWarnings: string[] = [];
  const fields = translateParams(
    known,
    renameAliases(value, { aliases: command.fieldAliases, shape }),
    commandWarnings,
  );
  for (const message of commandWarnings) warn(warnings, `command: ${message}`);
  return { ...withoutEmptyArgs(fields as JsonObject, command.type), type: command.type };
}

/** Drops an empty `args` of a shell command. The original's clients send one with a line for a shell. */
function withoutEmptyArgs({ args, ...fields }: JsonObject, type: string): JsonObject {
  const isAbsent = args === undefined || (type === "execute_shell" && Array.isArray(args) && args.length === 0);
  return isAbsent ? fields : { ...fields, args };
}

/** Renames a command's fields to the names in its schema. */
function renameAliases(
  value: JsonObject,
  { aliases, shape }: { readonly aliases: Readonly<Record<string, string>>; readonly shape: z.ZodObject["shape"] },
): JsonObject {
  const targets = new Map(Object.entries(aliases).map(([alias, name]) => [foldName(alias), name]));
  for (const name of Object.keys(shape)) targets.delete(foldName(name));
  return toFields(Object.entries(value).map(([name, field]) => [targets.get(foldName(name)) ?? name, field]));
}

/** Moves a field to its present name and parent. */
function moveField(fields: Record<string, unknown>, { old, name, below, convert }: OldField): void {
  if (!Object.hasOwn(fields, old)) return;
  const value = convert === undefined ? fields[old] : convert(fields[old]);
  delete fields[old];
  const place = below === undefined ? fields : fields[below] ?? {};
  if (!isObject(place)) return; // Validation refuses it.
  const target = below === undefined ? name : `${below}.${name}`;
  if (Object.hasOwn(place, name)) throw invalidField(old, `"${old}" is an old name of "${target}": name one of them`);
  if (below === undefined) fields[name] = value;
  else fields[below] = { ...place, [name]: value };
}

/** Replaces booleans by empty lists, in permissions that are lists. */
function toLists(permissions: JsonObject, warnings: string[]): JsonObject {
  const fields = LIST_PERMISSIONS.filter((name) => typeof permissions[name] === "boolean").map((name) => {
    if (permissions[name] === true) warn(warnings, `"${name}": true grants nothing: list what to grant`);
    return [name, []];
  });
  return { ...permissions, ...Object.fromEntries(fields) };
}

/** Moves the fields of the original's `config` to the top; there, `environment` holds variables. */
function spreadConfig(shape: z.ZodObject["shape"], params: JsonObject): JsonObject {
  if (!("env" in shape)) return params;
  const config = Object.entries(params).find(([name]) => foldName(name) === "config");
  if (!isObject(config?.[1])) return params;
  const settings = Object.entries(config[1]);
  const others = Object.entries(params).filter(([name]) => name !== config[0]);
  return toFields(
    [...others, ...settings].map(([name, value]) =>
      foldName(name) === "environment" && isObject(value) ? ["env", value] : [name, value]
    ),
  );
}

/**
 * Creates an object of fields.
 *
 * @throws {CodeBeakerError} `invalid_request` for a name that occurs twice
 */
function toFields(entries: readonly (readonly [string, unknown])[]): JsonObject {
  const fields = new Map<string, unknown>();
  for (const [name, value] of entries) {
    if (fields.has(name)) throw invalidField(name, `"${name}" occurs twice: name it once`);
    fields.set(name, value);
  }
  return Object.fromEntries(fields);
}

function isSameName(name: string, other: unknown): boolean {
  return typeof other === "string" && foldName(name) === foldName(other);
}

/** Converts a time to whole ms; validation refuses a value that is no number. */
function toMs(value: unknown, unitMs: number): unknown {
  return typeof value === "number" ? Math.ceil(value * unitMs) : value;
}

function toLowerCase(value: unknown): unknown {
  return typeof value === "string" ? value.toLowerCase() : value;
}

function negate(value: unknown): unknown {
  return typeof value === "boolean" ? !value : value;
}
