import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { addKey, openKeyring } from "../support/keyring.ts";
import { appOf } from "../support/app_of.ts";

const LOCAL = { remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 1 } } as const;
const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async function ask(path: string, headers: Record<string, string> = {}, keys = openKeyring()): Promise<Response> {
  const request = new Request(`http://localhost:8000${path}`, { headers: { host: "localhost:8000", ...headers } });
  return await appOf({ keys }).fetch(request, LOCAL);
}

Deno.test("GET / is JSON for clients of the API, and the page for browsers", async () => {
  const table: [accept: string | undefined, type: string][] = [
    [undefined, "application/json"],
    ["*/*", "application/json"],
    ["application/json", "application/json"],
    ["application/json, text/html;q=0.5", "application/json"],
    ["text/html", "text/html"],
    [BROWSER, "text/html"],
  ];
  for (const [accept, type] of table) {
    const response = await ask("/", accept === undefined ? {} : { accept });
    assertEquals(response.status, 200);
    assertStringIncludes(response.headers.get("content-type") ?? "", type, accept);
    assertStringIncludes(response.headers.get("vary") ?? "", "Accept");
    await response.body?.cancel();
  }
});

Deno.test("the page allows nothing but itself, by a nonce that no second answer has", async () => {
  const [first, second] = [await ask("/", { accept: BROWSER }), await ask("/", { accept: BROWSER })];
  const policy = first.headers.get("content-security-policy") ?? "";
  assertMatch(policy, /^default-src 'none'; script-src 'nonce-[\w+/=]{24}';/);
  assertEquals(policy.includes("unsafe"), false);
  assertEquals(policy === second.headers.get("content-security-policy"), false);
  const nonce = /'nonce-([^']+)'/.exec(policy)?.[1];
  assertStringIncludes(await first.text(), `src="/console/main.js" nonce="${nonce}"`);
  assertEquals(first.headers.get("cache-control"), "no-store");
  await second.body?.cancel();
});

Deno.test("a part of the page is compressed where the client takes that, and is sent once", async () => {
  const plain = await ask("/console/main.css");
  const text = await plain.text();
  assertEquals([plain.status, plain.headers.get("content-type")], [200, "text/css; charset=utf-8"]);
  const small = await ask("/console/main.css", { "accept-encoding": "gzip, br" });
  assertEquals(small.headers.get("content-encoding"), "gzip");
  const unpacked = small.body?.pipeThrough(new DecompressionStream("gzip"));
  assertEquals(await new Response(unpacked).text(), text);
  const refused = await ask("/console/main.css", { "accept-encoding": "br, gzip;q=0" });
  assertEquals([refused.headers.get("content-encoding"), await refused.text()], [null, text]);
  const again = await ask("/console/main.css", { "if-none-match": plain.headers.get("etag") ?? "" });
  assertEquals([again.status, await again.text()], [304, ""]);
});

Deno.test("a part that does not exist is not found, however it is spelled", async () => {
  for (const name of ["other.js", "..%2Findex.html", "main.js%00", "constructor"]) {
    const response = await ask(`/console/${name}`);
    assertEquals([response.status, (await response.json()).code], [404, "not_found"], name);
  }
});

Deno.test("the page and its parts need no key; what the page asks for does", async () => {
  const keyring = openKeyring();
  addKey(keyring);
  for (const [path, status] of [["/", 200], ["/console/main.css", 200], ["/v1/languages", 401]] as const) {
    const response = await ask(path, { accept: BROWSER }, keyring);
    await response.body?.cancel();
    assertEquals(response.status, status, path);
  }
});
