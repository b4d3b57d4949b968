import { createDocument } from "zod-openapi";
import { limitsSchema } from "../../core/limits.ts";
import { permissionsSchema } from "../../core/permissions/permissions.ts";
import { SERVICE_NAME, VERSION } from "../../core/version.ts";
import { showSchema } from "./json_schema.ts";
import { PATHS } from "./paths/mod.ts";
import { TAGS } from "./tags.ts";

const DESCRIPTION = `Runs untrusted code on the lightest runtime that is safe enough for it.

A failing program is a result: its answer is 200, and its \`outcome\` says how it ended. A failing request is a problem
(RFC 9457), whose \`code\` is its identity. Unknown fields of a request are refused; an answer may get further fields.

Durations are in ms and times in ISO 8601; a size has the unit of its name. An empty body of a POST counts as \`{}\`. Every
path answers OPTIONS with the methods that it takes, any other method with 405, and HEAD as GET without the body.

Where the service has keys, a request brings one: \`Authorization: Bearer KEY\` or \`X-API-Key: KEY\`.

JSON-RPC 2.0 over a WebSocket, at \`/ws/jsonrpc\`, is no part of this document, nor are interfaces of other protocols.`;

/** Makes the document of the service from the schemas of requests and answers. */
export function createOpenApiDocument(): ReturnType<typeof createDocument> {
  return createDocument({
    openapi: "3.1.1",
    info: {
      title: SERVICE_NAME,
      version: VERSION,
      description: DESCRIPTION,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/", description: "This service" }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths: PATHS,
    components: {
      // The schemas themselves have no names, and these are parts of several requests.
      schemas: { Limits: limitsSchema, Permissions: permissionsSchema },
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "A key of the service" },
        apiKey: { type: "apiKey", in: "header", name: "X-API-Key", description: "A key of the service" },
      },
    },
  }, { override: showSchema });
}
