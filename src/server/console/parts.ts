import { keepTexts } from "../http/kept_text.ts";

/** The type of a part, and how its text is imported. What is imported is in every package of the service. */
interface Source {
  readonly type: string;
  importText(): Promise<{ readonly default: string }>;
}

const SOURCES: Readonly<Record<string, Source>> = {
  "main.js": {
    type: "text/javascript; charset=utf-8",
    importText: () => import("./built/main.js", { with: { type: "text" } }),
  },
  "main.css": {
    type: "text/css; charset=utf-8",
    importText: () => import("./built/main.css", { with: { type: "text" } }),
  },
};

/** Reads a file of the page that the browser loads; undefined for another name. */
export const readPart = keepTexts(async (name) => {
  const source = Object.hasOwn(SOURCES, name) ? SOURCES[name] : undefined;
  if (source === undefined) return undefined;
  return { type: source.type, text: (await source.importText()).default };
});
