import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { z } from "zod";
import { COMMANDS } from "../../src/commands/mod.ts";
import { ERROR_KINDS } from "../../src/core/answers/vocabulary.ts";
import type { Outcome } from "../../src/core/execution.ts";
import { LIMITS } from "../../src/core/limits.ts";
import { REJECTION_CODES } from "../../src/core/answers/vocabulary.ts";
import { LANGUAGES } from "../../src/runtimes/native/languages/mod.ts";
import { PROJECT } from "../support/service_process.ts";

/** The rows of a page's tables, without the bold and the padding. */
async function rowsOf(page: string): Promise<string[]> {
  const text = await Deno.readTextFile(join(PROJECT, "docs", page));
  return text.split("\n").filter((line) => line.startsWith("|")).map((line) => line.replaceAll(/ +/g, " "));
}

Deno.test("docs/sessions-and-files.md lists every command with its aliases and fields", async () => {
  const rows = await rowsOf("sessions-and-files.md");
  const faults = COMMANDS.flatMap(({ aliases, schema, type }) => {
    const row = rows.find((line) => line.split(" | ")[0]?.includes(`\`${type}\``)) ?? "";
    assert(schema instanceof z.ZodObject, `${type} has fields`);
    return [...aliases, ...Object.keys(schema.shape)].filter((name) => !row.includes(`\`${name}\``)).map((name) =>
      `${type}: ${name}`
    );
  });
  assertEquals(faults, []);
});

Deno.test("docs/limits-and-usage.md lists every limit with its default and range", async () => {
  const rows = await rowsOf("limits-and-usage.md");
  const missing = Object.entries(LIMITS).filter(([name, { default: usual, max, min }]) => {
    const field = name === "timeoutMs" ? name : `limits.${name}`;
    return !rows.some((line) => line.startsWith(`| \`${field}\` | ${usual} | ${min} to ${max} |`));
  });
  assertEquals(missing, []);
});

Deno.test("docs/native.md lists every language with its package", async () => {
  const rows = await rowsOf("native.md");
  const missing = Object.entries(LANGUAGES).filter(([name, { debianPackage }]) =>
    !rows.some((line) => line.startsWith(`| \`${name}\` | \`${debianPackage}\` |`))
  );
  assertEquals(missing.map(([name]) => name), []);
});

Deno.test("docs/http-api.md lists every error code with its statuses", async () => {
  const rows = await rowsOf("http-api.md");
  const missing = Object.entries(ERROR_KINDS).filter(([code, { jsonRpc, status }]) =>
    !rows.some((line) => line.startsWith(`| \`${code}\` | ${status} | ${jsonRpc} |`))
  );
  assertEquals(missing, []);
});

/** Every kind of outcome, as the compiler makes sure. */
const OUTCOMES: Readonly<Record<Outcome["kind"], true>> = {
  exited: true,
  signaled: true,
  timed_out: true,
  cpu_limit: true,
  memory_limit: true,
  output_limit: true,
  disk_limit: true,
  process_limit: true,
  descriptor_limit: true,
  cancelled: true,
  interrupted: true,
  compile_failed: true,
};

Deno.test("docs/http-api.md lists every kind of outcome", async () => {
  const rows = await rowsOf("http-api.md");
  assertEquals(Object.keys(OUTCOMES).filter((kind) => !rows.some((line) => line.startsWith(`| \`${kind}\` `))), []);
});

Deno.test("docs/selection.md names the code of every filter", async () => {
  const text = await Deno.readTextFile(join(PROJECT, "docs", "selection.md"));
  const filters = text.split("\n").filter((line) => /^\d+\. /.test(line)).join("\n");
  assertEquals(REJECTION_CODES.filter((code) => !filters.includes(`\`${code}\``)), []);
});
