import { assert, assertEquals, assertMatch } from "@std/assert";
import { VERSION } from "../../../src/core/version.ts";
import { appOf } from "../support/app_of.ts";
import { addKey, openKeyring } from "../support/keyring.ts";

const ORIGIN = "http://localhost:8000";
const LOCAL = { remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 1 } } as const;

/** Asks a service with keys, and without one. */
async function ask(path: string, headers: Readonly<Record<string, string>> = {}) {
  const keys = openKeyring();
  addKey(keys);
  const app = appOf({ keys });
  const response = await app.request(
    new URL(path, ORIGIN).href,
    { headers: { host: "localhost:8000", ...headers } },
    LOCAL,
  );
  return { status: response.status, headers: response.headers, text: await response.text() };
}

Deno.test("GET /openapi.json answers with the document, and with 304 to a client that has it", async () => {
  const { status, headers, text } = await ask("/openapi.json");
  const { openapi, info, paths } = JSON.parse(text);
  assertEquals([status, headers.get("content-type"), openapi, info.version], [
    200,
    "application/json",
    "3.1.1",
    VERSION,
  ]);
  assert("/v1/executions" in paths);
  const etag = headers.get("etag") ?? "";
  assertMatch(etag, /^W\/"[0-9a-f]{32}"$/);
  const table: [known: string, status: number][] = [
    [etag, 304],
    [etag.slice(2), 304], // As a proxy may send it.
    [`"other", ${etag}`, 304],
    ["*", 304],
    ['"other"', 200],
  ];
  for (const [known, expected] of table) {
    assertEquals([known, (await ask("/openapi.json", { "if-none-match": known })).status], [known, expected]);
  }
});

Deno.test("GET /docs answers with a page that loads only files of the service, under a policy that allows no other", async () => {
  const { status, headers, text } = await ask("/docs");
  assertEquals([status, headers.get("content-type")], [200, "text/html; charset=utf-8"]);
  assertEquals(headers.get("content-security-policy")?.split("; ").toSorted(), [
    "base-uri 'none'",
    "connect-src 'self'",
    "default-src 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "img-src 'self' data:",
    "script-src 'self'",
    "style-src 'self'",
  ]);
  const loaded = [...text.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, path = ""]) => path);
  for (const path of loaded.filter((path) => path !== "data:,")) {
    const file = await ask(new URL(path, `${ORIGIN}/docs`).pathname);
    assertEquals([path, file.status, file.text.length > 100], [path, 200, true]);
    assertEquals(file.headers.get("x-content-type-options"), "nosniff");
    const small = await ask(new URL(path, `${ORIGIN}/docs`).pathname, { "accept-encoding": "gzip" });
    assertEquals([path, small.headers.get("content-encoding")], [path, "gzip"]);
  }
  assertEquals(loaded.toSorted(), [
    "data:,",
    "docs/page.js",
    "docs/swagger-ui-bundle.js",
    "docs/swagger-ui.css",
    "openapi.json",
  ]);
});

Deno.test("GET /docs/{file} knows the files of the page alone", async () => {
  for (const name of ["index.html", "constructor", "..%2fmod.ts", "page.js%00"]) {
    assertEquals([name, (await ask(`/docs/${name}`)).status], [name, 404]);
  }
});
