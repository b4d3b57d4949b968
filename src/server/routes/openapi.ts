import { type Context, Hono } from "hono";
import { CodeBeakerError } from "../../core/errors.ts";
import { fingerprintOf } from "../../core/fingerprint.ts";
import type { AppEnv } from "../http/app_env.ts";

/** A text that the service serves as a file. */
interface ServedText {
  readonly text: string;
  readonly type: string;
  readonly etag: string;
}

/** The files that the page may load: those of the service alone. Images may be in its styles. */
const PAGE_POLICY = [
  "default-src 'none'",
  ...["connect-src 'self'", "img-src 'self' data:", "script-src 'self'", "style-src 'self'"],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join("; ");

const HEADERS = {
  "cache-control": "no-cache",
  "content-security-policy": PAGE_POLICY,
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/**
 * Routes of the OpenAPI document, and of its page. Nothing that makes or shows the document is loaded before the first
 * request for it.
 */
export function openApiRoutes(): Hono<AppEnv> {
  let document: Promise<ServedText> | undefined;

  async function makeDocument(): Promise<ServedText> {
    const { createOpenApiDocument } = await import("../openapi/document.ts");
    return served(JSON.stringify(createOpenApiDocument()), "application/json");
  }

  return new Hono<AppEnv>()
    .get("/openapi.json", async (context) => {
      document ??= makeDocument();
      try {
        return send(context, await document);
      } catch (error) {
        document = undefined; // The next request tries again.
        throw error;
      }
    })
    .get("/docs", async (context) => {
      const { PAGE } = await import("../openapi/page/mod.ts");
      return send(context, served(PAGE, "text/html; charset=utf-8"));
    })
    .get("/docs/:file", async (context) => {
      const { FILES } = await import("../openapi/page/mod.ts");
      const name = context.req.param("file");
      const file = Object.hasOwn(FILES, name) ? FILES[name] : undefined;
      if (file !== undefined) return send(context, served(file.text, file.type));
      throw new CodeBeakerError("not_found", `Cannot find ${JSON.stringify(name.slice(0, 64))} of the page`);
    });
}

function served(text: string, type: string): ServedText {
  return { text, type, etag: `"${fingerprintOf(text).slice(0, 16)}"` };
}

function send(context: Context<AppEnv>, { etag, text, type }: ServedText): Response {
  const headers = { ...HEADERS, etag };
  if (context.req.header("if-none-match") === etag) return context.body(null, 304, headers);
  return context.body(text, 200, { ...headers, "content-type": type });
}
