import { join } from "@std/path";
import { COMMAND_RESULTS } from "../../src/core/answers/commands.ts";
import { createOpenApiDocument } from "../../src/server/openapi/document.ts";
import { PROJECT } from "../project.ts";
import { runDeno } from "../run_tool.ts";

/** The path of the client's types. */
export const TYPES = join(PROJECT, "client/types.ts");

/** The schemas that the client names; those that they use come with them. */
const ROOTS = [
  ...["ExecutionRequest", "SessionRequest", "SessionChanges", "SessionExecutionRequest", "Cell", "Command"],
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
  const visit = (name: string) => {
    const schema = schemas[name];
    if (named.has(name)) return;
    if (schema === undefined) throw new Error(`The document has no schema ${name}`);
    named.set(name, ""); // It may use itself.
    const uses: string[] = [];
    named.set(name, declare(name, schema, uses));
    uses.forEach(visit);
  };
  const results = Object.entries(COMMAND_RESULTS).map(([type, schema]) => [type, String(schema.meta()?.id)] as const);
  [...ROOTS, ...results.map(([, name]) => name)].forEach(visit);
  const declarations = [...named].toSorted(([one], [other]) => one < other ? -1 : 1).map(([, text]) => text);
  const text = [
    "// Made by `deno task client:types` from the schemas by which the service checks requests.",
    ...declarations,
    "/** The result of each command, by its type. */",
    `export interface CommandResults { ${results.map(([type, name]) => `readonly ${type}: ${name};`).join("\n")} }`,
  ].join("\n\n");
  return await format(text);
}

function declare(name: string, schema: Schema, uses: string[]): string {
  const body = schema.properties === undefined || (schema.oneOf ?? schema.anyOf) !== undefined
    ? `export type ${name} = ${toType(schema, uses)};`
    : `export interface ${name} ${toType(schema, uses)}`;
  return `${comment(schema)}${body}`;
}

function toType(schema: Schema, uses: string[]): string {
  const { additionalProperties, items, properties, required = [], type } = schema;
  if (schema.$ref !== undefined) {
    const name = schema.$ref.slice(REFERENCE.length);
    uses.push(name);
    return name;
  }
  const members = schema.anyOf ?? schema.oneOf;
  if (members !== undefined) return [...new Set(members.map((member) => toType(member, uses)))].join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (Array.isArray(type)) return type.map((one) => toType({ ...schema, type: one }, uses)).join(" | ");
  if (type === "array") {
    const item = toType(items ?? {}, uses);
    return item.includes("|") ? `readonly (${item})[]` : `readonly ${item}[]`;
  }
  if (properties !== undefined) {
    const fields = Object.entries(properties).map(([name, field]) =>
      `${comment(field)}readonly ${name}${required.includes(name) ? "" : "?"}: ${toType(field, uses)};`
    );
    return `{ ${fields.join("\n")} }`;
  }
  if (type === "object") {
    const value = typeof additionalProperties === "object" ? toType(additionalProperties, uses) : "unknown";
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
