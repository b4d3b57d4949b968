import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createHash } from "node:crypto";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { addLanguage, addParts } from "../../../src/runtimes/wasm/add_language.ts";
import { LANGUAGES } from "../../../src/runtimes/wasm/languages/mod.ts";
import type { LanguageRow } from "../../../src/runtimes/wasm/languages/row.ts";
import { ADDED_LANGUAGES } from "../../../src/runtimes/wasm/facts.ts";
import { findParts, holdsParts, partsPath, reachableParts, sealParts } from "../../../src/runtimes/wasm/parts.ts";
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

/** Makes a part of another, that only its owner may read. */
const PREPARE = `const [parts] = Deno.args;
Deno.writeTextFileSync(\`\${parts}/made\`, Deno.readTextFileSync(\`\${parts}/taken\`).toUpperCase());
Deno.chmodSync(\`\${parts}/made\`, 0o600);
Deno.removeSync(\`\${parts}/left\`);`;

/** A registry with one package, and a language of its parts, to be installed in a home. */
async function openParts({ preparation = PREPARE }: { readonly preparation?: string } = {}) {
  const files = { "a/taken.txt": "taken", "left.txt": "left" };
  const published = { name: "@test/parts", version: "1.0.0" };
  const registry = await openNpmRegistry([{ ...published, files }]);
  const tarball = await (await fetch(`${registry.url}@test/parts/-/parts-1.0.0.tgz`)).bytes();
  const integrity = `sha512-${createHash("sha512").update(tarball).digest("base64")}`;
  const [known] = Object.values(LANGUAGES);
  assert(known !== undefined);
  const row: LanguageRow = {
    ...known,
    packages: [{ ...published, integrity, files }],
    preparation: { main: "prepare.js", texts: { "prepare.js": preparation } },
    parts: ["taken", "made"],
  };
  const home = await Deno.makeTempDir();
  const { signal } = new AbortController();
  const settings = { wasm: { npmRegistry: registry.url } };
  const request = { home, settings, signal, searchPath: [], progress: { signal, ...NO_PROGRESS } };
  return {
    home,
    language: { name: "test", row },
    request,
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      await Deno.remove(home, { recursive: true });
    },
  };
}

Deno.test("addParts() installs parts that every user can read, once, and again where one is damaged or missing", async () => {
  await using bench = await openParts();
  const { home, language, request } = bench;
  const add = () => addParts(language, request);
  const { path, version, wasThere } = await add();
  assertEquals([version, wasThere, findParts(language, request)], ["@test/parts 1.0.0", false, path]);
  const texts = () => ["taken", "made"].map((part) => Deno.readTextFileSync(`${path}/${part}`));
  assertEquals(texts(), ["taken", "TAKEN"]);
  const modes = ["", "taken", "made", "sizes.json"].map((name) => (Deno.statSync(`${path}/${name}`).mode ?? 0) & 0o777);
  assertEquals(modes, [0o755, 0o644, 0o644, 0o644]);
  assertEquals([...Deno.readDirSync(path)].length, 3);
  const killed = `${home}/languages/.staging-killed`;
  await Deno.mkdir(killed);
  await Deno.utime(killed, 0, 0);
  await Deno.mkdir(`${home}/languages/test-0.9.0-1234`);
  assertEquals((await add()).wasThere, true);
  for (const damage of [Deno.remove, (part: string) => Deno.truncate(part, 2)]) {
    await damage(`${path}/made`);
    assertThrows(() => findParts(language, request), CodeBeakerError, "is not installed");
    assertEquals([(await add()).wasThere, texts()], [false, ["taken", "TAKEN"]]);
  }
  assertEquals([...Deno.readDirSync(`${home}/languages`)].map(({ name }) => `${home}/languages/${name}`), [path]);
});

Deno.test("reachableParts() asks the confinement once, and again when the parts were installed anew", async () => {
  await using bench = await openParts();
  const { language, request } = bench;
  const { path } = await addParts(language, request);
  const asked: string[] = [];
  const confinement = { reachableFiles: (directory: string) => `/staged/${asked.push(directory)}` };
  const parts = reachableParts(language, { ...request, confinement });
  assertEquals([parts(), parts()], ["/staged/1", "/staged/1"]);
  await Deno.remove(`${path}/made`);
  await addParts(language, request);
  assertEquals([parts(), parts(), asked], ["/staged/2", "/staged/2", [path, path]]);
});

Deno.test("addParts() says that it could not remove another version, beside what it has installed", async () => {
  await using bench = await openParts();
  const { home, language, request } = bench;
  const [other, inTheWay] = ["test-0.9.0-1234", ".staging-test-0.9.0-1234/part"];
  for (const name of [other, inTheWay]) await Deno.mkdir(`${home}/languages/${name}`, { recursive: true });
  const { notRemoved, path, wasThere } = await addParts(language, request);
  assertEquals([findParts(language, request), wasThere, notRemoved?.includes(other)], [path, false, true]);
});

Deno.test("addParts() gives up a download that goes on with no byte, before its answer and within it", async () => {
  await using bench = await openParts();
  const { language, request } = bench;
  for (const answer of ["", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n1"]) {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const settings = { wasm: { npmRegistry: `http://127.0.0.1:${listener.addr.port}/` } };
    const adding = addParts(language, { ...request, settings }, { idleMs: 200 });
    const refused = assertRejects(() => adding, CodeBeakerError, "cannot be fetched (no byte within 200 ms)");
    using connection = await listener.accept();
    await connection.write(new TextEncoder().encode(answer));
    assertEquals((await refused).code, "runtime_unavailable");
  }
});

Deno.test("addParts() ends a preparation that goes on, and leaves nothing", async () => {
  await using bench = await openParts({ preparation: "setInterval(() => {}, 1_000);" });
  const { home, language, request } = bench;
  const adding = addParts(language, request, { preparationMs: 200 });
  await assertRejects(() => adding, CodeBeakerError, "its preparation took more than 200 ms");
  assertEquals([...Deno.readDirSync(`${home}/languages`)], []);
});

Deno.test("addLanguage() refuses a home that would split a list of permissions, and parts in one are not found", async () => {
  const parent = await Deno.makeTempDir();
  await using _parent = { [Symbol.asyncDispose]: () => Deno.remove(parent, { recursive: true }) };
  const home = `${parent}/a,b`;
  const { signal } = new AbortController();
  const request = { home, settings: {}, signal, searchPath: [], progress: { signal, ...NO_PROGRESS } };
  for (const [name, row] of Object.entries(LANGUAGES)) {
    const refused = await assertRejects(() => addLanguage(name, request), CodeBeakerError, "lists of permissions");
    assertEquals(refused.code, "runtime_unavailable");
    const path = partsPath(home, { name, row });
    await Deno.mkdir(path, { recursive: true });
    for (const part of row.parts) await Deno.writeTextFile(`${path}/${part}`, "part");
    await sealParts(path);
    assertEquals(holdsParts(path, row), true);
    assertThrows(() => findParts({ name, row }, request), CodeBeakerError, "is not installed");
  }
});

Deno.test("the facts name the languages of the table", () => {
  assertEquals(ADDED_LANGUAGES, Object.keys(LANGUAGES));
});
