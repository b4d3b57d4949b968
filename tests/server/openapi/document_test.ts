import SwaggerParser from "@apidevtools/swagger-parser";
import { createConfig, lintFromString } from "@redocly/openapi-core";
import { assert, assertEquals } from "@std/assert";
import type { z } from "zod";
import { createOpenApiDocument } from "../../../src/server/openapi/document.ts";
import { PATHS } from "../../../src/server/openapi/paths/mod.ts";
import { appOf } from "../support/app_of.ts";
import { addKey, openKeyring } from "../support/keyring.ts";

const LOCAL = { remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 1 } } as const;
const METHODS = ["get", "head", "put", "post", "patch", "delete"] as const;
const SCOPES = ["execute", "sessions", "admin"];

/** Routes of other protocols, which have descriptions of their own: where they begin, and the protocol. */
const OTHER_PROTOCOLS: readonly (readonly [begin: string, protocol: string])[] = [
  ["/ws/jsonrpc", "JSON-RPC 2.0 over a WebSocket"],
  ["/mcp", "the Model Context Protocol"],
  ["/api/v2", "Piston's API"],
  ["/v1/exec", "codapi's API"],
];

function isOfOtherProtocol(path: string): boolean {
  return OTHER_PROTOCOLS.some(([begin]) => path === begin || path.startsWith(`${begin}/`));
}

/** Every operation of the document, with its path and its method. */
const OPERATIONS = Object.entries(PATHS).flatMap(([path, item]) =>
  METHODS.flatMap((method) => {
    const operation = item[method];
    return operation === undefined ? [] : [{ path, method, operation }];
  })
);

/** The path of a route as the document spells it. */
function toPath(route: string): string {
  return route.replaceAll(/:(\w+)(\{[^/]*\})?/g, "{$1}");
}

Deno.test("the document is found right by redocly's strict rules, its examples too, and by swagger-parser", async () => {
  const document = createOpenApiDocument();
  const config = await createConfig({
    extends: ["recommended-strict"],
    rules: {
      "no-invalid-media-type-examples": "error",
      "no-invalid-parameter-examples": "error",
      "no-invalid-schema-examples": "error",
    },
  });
  const problems = await lintFromString({ source: JSON.stringify(document), config });
  assertEquals(problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer]), []);
  await SwaggerParser.validate(JSON.parse(JSON.stringify(document)));
});

Deno.test("the document has every route of the service, and no other", () => {
  const routes = appOf().routes
    .filter(({ method, path }) => method !== "ALL" && !isOfOtherProtocol(path))
    .map(({ method, path }) => `${method} ${toPath(path)}`);
  // A route of GET answers HEAD too.
  const described = OPERATIONS.filter(({ method }) => method !== "head")
    .map(({ path, method }) => `${method.toUpperCase()} ${path}`);
  assertEquals(described.toSorted(), [...new Set(routes)].toSorted());
});

Deno.test("each operation needs the key and the scope that the document says", async () => {
  const keys = openKeyring();
  const { headers: all } = addKey(keys, { name: "all", scopes: SCOPES });
  const app = appOf({ keys });
  for (const { path, method, operation } of OPERATIONS) {
    const url = `http://localhost:8000${path.replaceAll(/\{\w+\}/g, "x")}`;
    const ask = async (headers: Readonly<Record<string, string>>) => {
      const init = { method: method.toUpperCase(), headers: { host: "localhost:8000", ...headers } };
      const response = await app.request(url, init, LOCAL);
      await response.body?.cancel();
      return response.status;
    };
    const what = `${method} ${path}`;
    const [scope] = Object.values(operation.security?.[0] ?? {}).flat();
    assertEquals([what, await ask({}) === 401], [what, operation.security?.length !== 0]);
    assertEquals([what, [401, 403].includes(await ask(all))], [what, false]);
    if (scope === undefined) continue;
    const { headers } = addKey(keys, {
      name: operation.operationId ?? "",
      scopes: SCOPES.filter((name) => name !== scope),
    });
    assertEquals([what, await ask(headers)], [what, 403]);
  }
});

Deno.test("every example of a request is one that the service takes", () => {
  let count = 0;
  for (const { path, method, operation: { requestBody } } of OPERATIONS) {
    if (requestBody === undefined || "$ref" in requestBody) continue;
    const { schema, examples = {} } = requestBody.content["application/json"] ?? {};
    for (const [name, example] of Object.entries(examples as Readonly<Record<string, { value?: unknown }>>)) {
      const { error } = (schema as z.ZodType).safeParse(example.value);
      assertEquals([method, path, name, error?.issues], [method, path, name, undefined]);
      count++;
    }
  }
  assert(count > 15);
});
