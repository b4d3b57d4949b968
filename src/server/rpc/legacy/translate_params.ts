import { z } from "zod";
import { COMMANDS } from "../../../commands/mod.ts";
import { invalidField } from "../../../core/errors.ts";
import { strictObject } from "../../../core/parsing/validation.ts";
import { foldName, isObject, type JsonObject, matchNames, warn } from "./match_names.ts";

/** A field of the original's requests: what it is called now (and below what), and its value there. */
interface OldField {
  readonly old: string;
  readonly name: string;
  readonly below?: string;
  convert?(value: unknown): unknown;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

/** What the original calls otherwise. */
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

/** Fields of the original that have no meaning any more, and are not meant for others. */
const WITHOUT_MEANING = [
  "cpuLimit",
  "cpuShares",
  "dockerImage",
  "packages",
  "persistFilesystem",
  "readOnlyFilesystem",
  "security",
];

/** The permissions that are lists now. */
const LISTS = ["allowRead", "allowWrite", "allowEnv"];

/**
 * Parameters by their present names, whatever names and spellings of the original's clients they came with; `warnings` gets
 * what has no meaning. What is no object is given back as it is, and nothing is checked.
 *
 * @throws {CodeBeakerError} `invalid_request` for a field that is there twice, by its old and by its present name, say
 */
export function translateParams(schema: z.ZodObject, params: unknown, warnings: string[]): unknown {
  if (!isObject(params)) return params;
  const { shape } = schema;
  const old = OLD_FIELDS.filter((field) => (field.below ?? field.name) in shape && !(field.old in shape));
  const without = WITHOUT_MEANING.filter((name) => !(name in shape));
  const extra = [...old.map((field) => field.old), ...without].map((name) => [name, z.unknown()]);
  const known = schema.extend(Object.fromEntries(extra));
  const fields = { ...matchNames(known, spreadConfig(shape, params), { path: "", warnings }) as JsonObject };
  for (const name of without.filter((name) => Object.hasOwn(fields, name))) {
    warn(warnings, `"${name}": this field has no meaning here`);
    delete fields[name];
  }
  for (const field of old) moveField(fields, field);
  const { permissions } = fields;
  return isObject(permissions) ? { ...fields, permissions: toLists(permissions, warnings) } : fields;
}

/**
 * A command object by its present names. One that asks for what is no command is given back as it is.
 *
 * @throws {CodeBeakerError} `invalid_request` for a field that is there twice
 */
export function translateCommand(value: unknown, warnings: string[]): unknown {
  if (!isObject(value)) return value;
  const type = Object.entries(value).find(([name]) => foldName(name) === "type")?.[1];
  const command = COMMANDS.find((known) => [known.type, ...known.aliases].some((name) => isSameName(name, type)));
  if (command === undefined || !(command.schema instanceof z.ZodObject)) return value;
  const { shape } = command.schema;
  const known = strictObject({ type: z.unknown(), id: z.unknown(), ...shape });
  const about: string[] = [];
  const fields = translateParams(known, renameAliases(value, { aliases: command.fieldAliases, shape }), about);
  for (const message of about) warn(warnings, `command: ${message}`);
  return { ...fields as JsonObject, type: command.type };
}

/** A command's fields by the names that its schema has. */
function renameAliases(
  value: JsonObject,
  { aliases, shape }: { readonly aliases: Readonly<Record<string, string>>; readonly shape: z.ZodObject["shape"] },
): JsonObject {
  const targets = new Map(Object.entries(aliases).map(([alias, name]) => [foldName(alias), name]));
  for (const name of Object.keys(shape)) targets.delete(foldName(name));
  return toFields(Object.entries(value).map(([name, field]) => [targets.get(foldName(name)) ?? name, field]));
}

/** Moves a field to where it is now. */
function moveField(fields: Record<string, unknown>, { old, name, below, convert }: OldField): void {
  if (!Object.hasOwn(fields, old)) return;
  const value = convert === undefined ? fields[old] : convert(fields[old]);
  delete fields[old];
  const place = below === undefined ? fields : fields[below] ?? {};
  if (!isObject(place)) return; // It is refused for what it is.
  const target = below === undefined ? name : `${below}.${name}`;
  if (Object.hasOwn(place, name)) throw invalidField(old, `"${old}" is an old name of "${target}": name one of them`);
  if (below === undefined) fields[name] = value;
  else fields[below] = { ...place, [name]: value };
}

/** Permissions that are lists, and that the original wrote as booleans. */
function toLists(permissions: JsonObject, warnings: string[]): JsonObject {
  const fields = LISTS.filter((name) => typeof permissions[name] === "boolean").map((name) => {
    if (permissions[name] === true) warn(warnings, `"${name}": true grants nothing by itself: list what is meant`);
    return [name, []];
  });
  return { ...permissions, ...Object.fromEntries(fields) };
}

/** What the original's HTTP door takes below `config` stands beside the rest; `environment` holds variables there. */
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

/** An object of these fields. @throws {CodeBeakerError} `invalid_request` for a name that is there twice */
function toFields(entries: readonly (readonly [string, unknown])[]): JsonObject {
  const fields = new Map<string, unknown>();
  for (const [name, value] of entries) {
    if (fields.has(name)) throw invalidField(name, `"${name}" is there twice: name it once`);
    fields.set(name, value);
  }
  return Object.fromEntries(fields);
}

function isSameName(name: string, other: unknown): boolean {
  return typeof other === "string" && foldName(name) === foldName(other);
}

/** A time of another unit in whole ms; what is no number is refused later. */
function toMs(value: unknown, unitMs: number): unknown {
  return typeof value === "number" ? Math.ceil(value * unitMs) : value;
}

function toLowerCase(value: unknown): unknown {
  return typeof value === "string" ? value.toLowerCase() : value;
}

function negate(value: unknown): unknown {
  return typeof value === "boolean" ? !value : value;
}
