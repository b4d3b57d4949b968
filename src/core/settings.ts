import type { z } from "zod";
import { parseAs, strictObject } from "./parsing/validation.ts";

/** Reads a variable of this process; undefined where it is absent or empty. */
export type ReadVariable = (name: string) => string | undefined;

type Plain = string | number | boolean | undefined | readonly unknown[] | Readonly<Record<string, unknown>>;

/** One setting: its values, its default, and its line in `--help`. */
export interface Setting {
  readonly schema: z.ZodType;
  /** A value, or a function that computes it from the variables of other programs. */
  readonly default: Plain | ((read: ReadVariable) => Plain);
  readonly help: string;
  /** The default as `--help` shows it. Absent, `--help` shows the value itself. */
  readonly shown?: string;
  /** The commands beside `serve` that take the setting; absent means none. */
  readonly commands?: readonly string[];
}

/** Settings by the names that the file of settings spells. */
export type SettingTable = Readonly<Record<string, Setting>>;

type DefaultOf<Given> = Given extends (read: ReadVariable) => infer Value ? Value : Given;

/** The values of a table's settings. */
export type SettingValues<Table extends SettingTable> = {
  readonly [Name in keyof Table]: z.output<Table[Name]["schema"]> | DefaultOf<Table[Name]["default"]>;
};

/** A value for each setting of a table: the given one, else the default. */
export function withDefaults<Table extends SettingTable>(
  table: Table,
  given: Readonly<Record<string, unknown>>,
  read: ReadVariable = () => undefined,
): SettingValues<Table> {
  const values = Object.entries(table).map(([name, { default: fallback }]) => [
    name,
    given[name] ?? (typeof fallback === "function" ? fallback(read) : fallback),
  ]);
  return Object.fromEntries(values);
}

/**
 * Validates values of a table's settings, which may be given under other names. Absent values stay absent.
 *
 * @param options.spell the name under which a setting is given; absent, its own
 * @throws {CodeBeakerError} `invalid_request` that names the setting and, for an unknown one, the nearest
 */
export function parseSettings(
  table: SettingTable,
  values: unknown,
  { what, spell = (name) => name }: { readonly what: string; spell?(name: string): string },
): Record<string, unknown> {
  const names = new Map(Object.keys(table).map((name) => [spell(name), name]));
  const given = typeof values === "object" && values !== null
    ? [...names].filter(([spelled]) => Object.hasOwn(values, spelled))
    : [];
  // Only given settings get a schema: one of all settings would be the slowest step of such a start.
  const shape = Object.fromEntries(given.flatMap(([spelled, name]) => {
    const schema = table[name]?.schema;
    return schema === undefined ? [] : [[spelled, schema.optional()]];
  }));
  const parsed = parseAs(strictObject(shape, { known: [...names.keys()] }), values, { what });
  return Object.fromEntries(given.map(([spelled, name]) => [name, parsed[spelled]]));
}

/**
 * The values of one part's settings, which the host stores under the part's name.
 *
 * @throws {CodeBeakerError} `invalid_request` that names the setting
 */
export function settingsOfPart<Table extends SettingTable>(
  table: Table,
  { name, settings }: { readonly name: string; readonly settings: Readonly<Record<string, unknown>> },
): SettingValues<Table> {
  return withDefaults(table, parseSettings(table, settings[name] ?? {}, { what: `the settings of ${name}` }));
}
