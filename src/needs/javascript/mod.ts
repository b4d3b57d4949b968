import type { FamilyModule } from "../family.ts";
import { parserFor, readJavascript } from "./read_javascript.ts";

/** Reads JavaScript and TypeScript. */
export const JAVASCRIPT: FamilyModule = {
  parserFor,
  read: readJavascript,
  placesOf: ({ entrypoint }) => ({ entrypoint, localOf: () => undefined }),
};
