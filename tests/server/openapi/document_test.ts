import SwaggerParser from "@apidevtools/swagger-parser";
import { createConfig, lintFromString } from "@redocly/openapi-core";
import { assert, assertEquals } from "@std/assert";
import { z } from "zod";
import { createOpenApiDocument } from "../../../src/server/openapi/document.ts";
import { PATHS } from "../../../src/server/openapi/paths/mod.ts";
import { isOfOtherProtocol, METHODS } from "../../support/documented.ts";
import { appOf } from "../support/app_of.ts";
import { addKey, openKeyring } from "../support/keyring.ts";

const LOCAL = { remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 1 } } as const;
const SCOPES = ["execute", "sessions", "admin"];

/** Every operation of the document, with its path and its method. */
const OPERATIONS = Object.entries(PATHS).flatMap(([path, item]) =>
  METHODS.flatMap((method) => {
    const operation = item[method];
    return operation === undefined ? [] : [{ path, method, operation }];
  })
);

/** The content of a request or an answer, as far as it is JSON. */
interface Content {
  readonly schema?: unknown;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value?: unknown }>>;
}

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

Deno.test("a reference to a schema has a description beside it at most, as a bound there would be one more", () => {
  const beside = new Set<string>();
  JSON.stringify(createOpenApiDocument(), (_name, value) => {
    if (typeof value?.$ref === "string") Object.keys(value).forEach((name) => beside.add(name));
    return value;
  });
  assertEquals([...beside].toSorted(), ["$ref", "description"]);
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

Deno.test("the document says that each operation refuses a body beyond the bound", async () => {
  const keys = openKeyring();
  const { headers } = addKey(keys, { name: "all", scopes: SCOPES });
  const app = appOf({ keys, maxBodyBytes: 2_000 });
  let count = 0;
  for (const { path, method, operation } of OPERATIONS) {
    const url = `http://localhost:8000${path.replaceAll(/\{\w+\}/g, "x")}`;
    const sent = { host: "localhost:8000", "content-length": "2001", ...headers };
    const { body, status } = await app.request(url, { method: method.toUpperCase(), headers: sent }, LOCAL);
    await body?.cancel();
    if (status === 413) count++; // An upload has a bound of its own.
    assertEquals([path, method, status in operation.responses], [path, method, true]);
  }
  assertEquals(OPERATIONS.length - count, 2);
});

Deno.test("every example of JSON has the form that the service checks or sends, and no field beside it", () => {
  let count = 0;
  for (const { path, method, operation: { requestBody, responses } } of OPERATIONS) {
    const contents = [requestBody, ...Object.values(responses)]
      .flatMap((part) => Object.entries<Content>(part?.content ?? {}));
    for (const [type, { schema, example, examples = {} }] of contents) {
      if (!type.endsWith("json") || !(schema instanceof z.ZodType)) continue;
      const values = [
        ...Object.values(examples).map(({ value }) => value),
        ...(example === undefined ? [] : [example]),
      ];
      assert(values.length > 0, `${method} ${path} has no example`);
      for (const value of values) {
        const { error } = schema.safeParse(value);
        assertEquals([method, path, value, error?.issues], [method, path, value, undefined]);
        count++;
      }
    }
  }
  assert(count > 100);
});
