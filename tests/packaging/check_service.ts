import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ApiClient } from "../support/api_client.ts";
import { OpenContext } from "../support/open_context.ts";
import type { ServiceProcess } from "../support/service_process.ts";

/** A program for each language that is quick: its runtime, its warm process or its waiter is of a text file of the source. */
const PROGRAMS: Readonly<Record<string, string>> = {
  typescript: "const answer: number = 42; console.log(answer);",
  javascript: "console.log(42);",
  python: "print(42)",
  bash: "echo 42",
  perl: 'print "42\\n";',
  ruby: "puts 42",
  php: "<?php echo 42, PHP_EOL;",
  lua: "print(42)",
};

/** Longer than what the event loop of a service reads or compares itself: a Worker does, whose module has an address. */
const LONG_PROGRAM = `import path from "node:path";\n${
  "// A line that says nothing.\n".repeat(300)
}console.log(path.sep);`;
const LONG_TEXT = "a line\n".repeat(20_000);

/**
 * Checks that a packaged service has all of its parts: programs in each quick language that the machine has, contexts,
 * both of its Workers, metrics and the pages for browsers. Its log has no error.
 *
 * @returns the languages that it ran
 */
export async function checkService(service: ServiceProcess): Promise<string[]> {
  const client = new ApiClient(service);
  const { languages } = await client.json("GET", "/v1/languages");
  const available = (languages as { readonly name: string; readonly available: boolean }[])
    .filter(({ name, available }) => available && name in PROGRAMS).map(({ name }) => name);
  for (const language of available) {
    const { stdout } = await client.json("POST", "/v1/executions", { language, code: PROGRAMS[language] });
    assertEquals({ language, stdout }, { language, stdout: "42\n" });
  }
  const request = { language: "typescript", code: LONG_PROGRAM, explain: true };
  const { stdout, selection } = await client.json("POST", "/v1/executions", request);
  assertEquals(stdout, "/\n");
  assertEquals(selection.needs.known, true);
  const session = await client.openSession({ language: "typescript" });
  const context = await OpenContext.open(client, session.id);
  await context.run("const kept: number = 42;");
  assertEquals((await context.run("kept")).value, 42);
  const sides = { originalContent: LONG_TEXT, modifiedContent: `${LONG_TEXT}one more\n` };
  const compared = await client.command(session.id, { type: "diff", ...sides });
  assertStringIncludes(compared.result.diff, "+one more");
  assertStringIncludes(await (await client.ask("GET", "/metrics")).text(), "codebeaker_executions_total{");
  for (const path of ["/", "/docs"]) await checkPage(new URL(path, service.url));
  assert(!service.log().includes('"level":"ERROR"'), service.log());
  return available;
}

/** Checks that a page has a script and a style, and that the service has them. */
async function checkPage(url: URL): Promise<void> {
  const page = await (await fetch(url, { headers: { accept: "text/html" } })).text();
  const parts = [...page.matchAll(/(?:src|href)="([^"]+\.(?:js|css))"/g)].map(([, part = ""]) => new URL(part, url));
  for (const part of parts) {
    const { body, status } = await fetch(part);
    await body?.cancel();
    assertEquals({ part: part.pathname, status }, { part: part.pathname, status: 200 });
  }
  for (const kind of [".js", ".css"]) assert(parts.some(({ pathname }) => pathname.endsWith(kind)), page);
}
