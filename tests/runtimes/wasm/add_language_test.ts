import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { addLanguage } from "../../../src/runtimes/wasm/add_language.ts";
import { LANGUAGES } from "../../../src/runtimes/wasm/languages/mod.ts";
import { ADDED_LANGUAGES } from "../../../src/runtimes/wasm/facts.ts";
import { findParts } from "../../../src/runtimes/wasm/parts.ts";
import { openNpmRegistry } from "../../support/npm_registry.ts";

const NO_PROGRESS = { begin: () => ({ update: () => {}, [Symbol.dispose]: () => {} }) };

Deno.test("addLanguage() leaves nothing of a package that is not the one of the row, and the language is unavailable", async () => {
  for (const [name, row] of Object.entries(LANGUAGES)) {
    const packages = row.packages.map(({ files, name, version }) => ({
      name,
      version,
      files: Object.fromEntries(Object.keys(files).map((path) => [path, "other"])),
    }));
    await using registry = await openNpmRegistry(packages);
    const home = await Deno.makeTempDir();
    const { signal } = new AbortController();
    const settings = { wasm: { npmRegistry: registry.url } };
    const request = { home, settings, signal, searchPath: [], progress: { signal, ...NO_PROGRESS } };
    const refused = await assertRejects(() => addLanguage(name, request), CodeBeakerError);
    assertEquals(refused.message.includes("is not the file that was released"), true, refused.message);
    assertEquals([...Deno.readDirSync(`${home}/languages`)], []);
    const missing = assertThrows(() => findParts({ name, row }, request), CodeBeakerError);
    assertEquals([missing.code, missing.details?.remedy], [
      "runtime_unavailable",
      `run codebeaker languages add ${name}`,
    ]);
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("the facts name the languages of the table", () => {
  assertEquals(ADDED_LANGUAGES, Object.keys(LANGUAGES));
});
