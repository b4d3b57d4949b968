import bundle from "swagger-ui-dist/swagger-ui-bundle.js" with { type: "text" };
import styles from "swagger-ui-dist/swagger-ui.css" with { type: "text" };
import html from "./page.html" with { type: "text" };
import script from "./page.js" with { type: "text" };

/** The page that shows the document. */
export const PAGE: string = html;

/** A file of the page. */
export interface PageFile {
  readonly text: string;
  readonly type: string;
}

const JAVASCRIPT = "text/javascript; charset=utf-8";

/** The files of the page, by their names. */
export const FILES: Readonly<Record<string, PageFile>> = {
  "page.js": { text: script, type: JAVASCRIPT },
  "swagger-ui-bundle.js": { text: bundle, type: JAVASCRIPT },
  "swagger-ui.css": { text: styles, type: "text/css; charset=utf-8" },
};
