import { join } from "@std/path";
import { COMMAND_RESULTS } from "../../src/core/answers/commands.ts";
import { createOpenApiDocument } from "../../src/server/openapi/document.ts";
import { PROJECT } from "../project.ts";
import { runDeno } from "../run_tool.ts";

/** The path of the client's types. */
export const TYPES = join(PROJECT, "client/types.ts");

/** The schemas of requests, whose missing fields may be undefined too; those that they use come with them. */
const REQUESTS = ["ExecutionRequest", "SessionRequest", "SessionChanges", "SessionExecutionRequest", "Cell", "Command"];
/** The schemas of answers, likewise. */
const ANSWERS = [
  ...["AcceptedExecution", "ExecutionReport", "ExecutionEvent", "Session", "CommandAnswer", "FileTree"],
  ...["Context", "ContextList", "Interruption", "Problem"],
];
const REFERENCE = "#/components/schemas/";

/** A schema of the document, as far as types need it. */
interface Schema {
  readonly $ref?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
}

/** Prints the types of the client's requests and answers from the service's document, as the project formats them. */
export async function printTypes(): Promise<string> {
  const schemas = createOpenApiDocument().components?.schemas as Readonly<Record<string, Schema>>;
  const named = new Map<string, string>();
  const visit = (name: string, ofMissing: string) => {
    const schema = schemas[name];
    if (named.has(name)) return;
    if (schema === undefined) throw new Error(`The document has no schema ${name}`);
    named.set(name, ""); // It may use itself.
    const place = { uses: [], ofMissing };
    named.set(name, declare(name, schema, place));
    place.uses.forEach((used) => visit(used, ofMissing));
  };
  const results = Object.entries(COMMAND_RESULTS).map(([type, schema]) => [type, String(schema.meta()?.id)] as const);
  REQUESTS.forEach((name) => visit(name, " | undefined"));
  [...ANSWERS, ...results.map(([, name]) => name)].forEach((name) => visit(name, ""));
  const declarations = [...named].toSorted(([one], [other]) => one < other ? -1 : 1).map(([, text]) => text);
  const text = [
    "// Made by `deno task client:types` from the schemas by which the service checks requests.",
    ...declarations,
    "/** The result of each command, by its type. */",
    `export interface CommandResults { ${results.map(([type, name]) => `readonly ${type}: ${name};`).join("\n")} }`,
  ].join("\n\n");
  return await format(text);
}

/** Where a type stands. */
interface Place {
  /** Gets the names that it uses. */
  readonly uses: string[];
  /** What the type of a field that may be missing ends with. */
  readonly ofMissing: string;
}

function declare(name: string, schema: Schema, place: Place): string {
  const body = schema.properties === undefined || (schema.oneOf ?? schema.anyOf) !== undefined
    ? `export type ${name} = ${toType(schema, place)};`
    : `export interface ${name} ${toType(schema, place)}`;
  return `${comment(schema)}${body}`;
}

function toType(schema: Schema, place: Place): string {
  const { additionalProperties, items, properties, required = [], type } = schema;
  if (schema.$ref !== undefined) {
    const name = schema.$ref.slice(REFERENCE.length);
    place.uses.push(name);
    return name;
  }
  const members = schema.anyOf ?? schema.oneOf;
  if (members !== undefined) return [...new Set(members.map((member) => toType(member, place)))].join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (Array.isArray(type)) return type.map((one) => toType({ ...schema, type: one }, place)).join(" | ");
  if (type === "array") {
    const item = toType(items ?? {}, place);
    return item.includes("|") ? `readonly (${item})[]` : `readonly ${item}[]`;
  }
  if (properties !== undefined) {
    const fields = Object.entries(properties).map(([name, field]) => {
      const [mark, end] = required.includes(name) ? ["", ""] : ["?", place.ofMissing];
      return `${comment(field)}readonly ${name}${mark}: ${toType(field, place)}${end};`;
    });
    return `{ ${fields.join("\n")} }`;
  }
  if (type === "object") {
    const value = typeof additionalProperties === "object" ? toType(additionalProperties, place) : "unknown";
    return `{ readonly [name: string]: ${value} }`;
  }
  return type === "integer" ? "number" : typeof type === "string" ? type : "unknown";
}

function comment(schema: Schema): string {
  const fallback = schema.default === undefined ? undefined : `Default: \`${JSON.stringify(schema.default)}\`.`;
  const text = [schema.description === undefined ? undefined : `${schema.description}.`, fallback];
  const written = text.filter((part) => part !== undefined).join(" ").replaceAll("*/", "*\\/");
  return written === "" ? "" : `/** ${written} */\n`;
}

async function format(text: string): Promise<string> {
  const path = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(path, text);
    await runDeno(["fmt", "--quiet", "--config", join(PROJECT, "deno.json"), path]);
    return await Deno.readTextFile(path);
  } finally {
    await Deno.remove(path);
  }
}

if (import.meta.main) await Deno.writeTextFile(TYPES, await printTypes());
