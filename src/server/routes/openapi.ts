import { Hono } from "hono";
import { CodeBeakerError } from "../../core/errors.ts";
import type { AppEnv } from "../http/app_env.ts";
import { keepTexts, sendText, type TypedText } from "../http/kept_text.ts";

/** The files that the page may load: those of the service alone. Images may be in its styles. */
const PAGE_POLICY = [
  "default-src 'none'",
  ...["connect-src 'self'", "img-src 'self' data:", "script-src 'self'", "style-src 'self'"],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join("; ");

const HEADERS = {
  "content-security-policy": PAGE_POLICY,
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** The path of the document. */
const DOCUMENT = "/openapi.json";
/** The path of the page, and of what its files begin with. */
const PAGE = "/docs";

/**
 * Routes of the OpenAPI document, and of its page. Nothing that makes or shows the document is loaded before the first
 * request for it.
 */
export function openApiRoutes(): Hono<AppEnv> {
  const readText = keepTexts(loadText);
  const app = new Hono<AppEnv>();
  for (const path of [DOCUMENT, PAGE, `${PAGE}/:file`]) {
    app.get(path, async (context) => {
      const file = context.req.param("file");
      const text = await readText(file === undefined ? path : `${PAGE}/${file}`);
      if (text !== undefined) return await sendText(context, text, HEADERS);
      throw new CodeBeakerError("not_found", `Cannot find ${JSON.stringify(file?.slice(0, 64))} of the page`);
    });
  }
  return app;
}

async function loadText(path: string): Promise<TypedText | undefined> {
  if (path === DOCUMENT) {
    const { createOpenApiDocument } = await import("../openapi/document.ts");
    return { text: JSON.stringify(createOpenApiDocument()), type: "application/json" };
  }
  const { FILES, PAGE: html } = await import("../openapi/page/mod.ts");
  if (path === PAGE) return { text: html, type: "text/html; charset=utf-8" };
  const name = path.slice(PAGE.length + 1);
  return Object.hasOwn(FILES, name) ? FILES[name] : undefined;
}
