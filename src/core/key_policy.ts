import { createHash } from "node:crypto";
import { z } from "zod";
import { MAX_ISOLATION } from "./answers/vocabulary.ts";
import { permissionCeilingSchema } from "./permissions/permissions.ts";
import { SCOPES } from "./principal.ts";
import { strictObject } from "./parsing/validation.ts";

/** Shorter keys could be guessed. */
const MIN_KEY_LENGTH = 32;
const MAX_KEY_LENGTH = 512;

/** The name of a key; for a configured key, its tenant is named after it. */
export const keyNameSchema = z.string().regex(
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
  "A key's name is at most 64 letters, digits, dots, dashes and underscores, and begins with a letter or digit",
);

/** The written form of a quota; an absent field does not bound. */
export const quotaSchema = strictObject({
  maxConcurrent: z.int().min(1).max(10_000).exactOptional(),
  maxSessions: z.int().min(1).max(10_000).exactOptional(),
  executionsPerMinute: z.int().min(1).max(1_000_000).exactOptional(),
  cpuSecondsPerDay: z.int().min(1).max(100_000_000).exactOptional(),
});

const policyFields = {
  scopes: z.array(z.enum(SCOPES, { error: `A scope is one of ${SCOPES.join(", ")}` })).min(1)
    .default(["execute", "sessions"]).transform((scopes) => SCOPES.filter((scope) => scopes.includes(scope))),
  minIsolation: z.int().min(0).max(MAX_ISOLATION).default(0),
  permissions: permissionCeilingSchema.default({}),
  quota: quotaSchema.default({}),
};

/** The written form of a key's policy. */
export const keyPolicySchema = strictObject(policyFields);
/** A checked policy. Default: scopes execute and sessions, and no bounds but the service's. */
export type KeyPolicy = Readonly<z.output<typeof keyPolicySchema>>;

/** A key in the configuration. */
export interface ConfiguredKey extends KeyPolicy {
  readonly name: string;
  /** SHA-256 of the key in hexadecimal digits; the key itself is not kept. */
  readonly hash: string;
}

const configuredFields = {
  name: keyNameSchema,
  key: z.string()
    .min(MIN_KEY_LENGTH, `A key is at least ${MIN_KEY_LENGTH} characters long`)
    .max(MAX_KEY_LENGTH, `A key is at most ${MAX_KEY_LENGTH} characters long`)
    .regex(/^[\x21-\x7e]*$/, "A key is printable ASCII without spaces"),
  ...policyFields,
};

/** The schema of a configured key. Its messages quote no values and no unknown fields: either may be the secret. */
const configuredKeySchema = z.looseObject(configuredFields)
  .refine(
    (item) => Object.keys(item).every((name) => Object.hasOwn(configuredFields, name)),
    `Holds a field that is unknown (known: ${Object.keys(configuredFields).join(", ")})`,
  )
  .transform(({ name, key, scopes, minIsolation, permissions, quota }): ConfiguredKey => ({
    name,
    hash: createHash("sha256").update(key).digest("hex"),
    scopes,
    minIsolation,
    permissions,
    quota,
  }));

/** The setting `apiKeys`: a list, or text. Text is the list as JSON, or `name=key,name=key` with the default policy. */
export const apiKeysSchema = z.preprocess(
  readText,
  z.array(configuredKeySchema, { error: 'Must be a list of keys, as JSON or as "name=key,name=key"' }).max(1_000)
    .refine((keys) => areDistinct(keys.map(({ name }) => name)), "Two keys have the same name")
    .refine((keys) => areDistinct(keys.map(({ hash }) => hash)), "A key occurs twice"),
);

function readText(value: unknown): unknown {
  if (typeof value !== "string") return value;
  if (value.trimStart().startsWith("[")) return readJson(value);
  return value.split(",").map((part) => {
    const [, name = "", key = ""] = /^\s*([^=]*)=(.*?)\s*$/.exec(part) ?? [];
    return { name, key };
  });
}

/** Parses JSON; undefined for malformed JSON, which the schema refuses without quoting it. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function areDistinct(texts: readonly string[]): boolean {
  return new Set(texts).size === texts.length;
}
