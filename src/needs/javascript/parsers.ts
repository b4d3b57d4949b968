import { parser } from "@lezer/javascript";
import type { SourceFile } from "../source_file.ts";

const PARSERS = {
  js: parser,
  jsx: parser.configure({ dialect: "jsx" }),
  ts: parser.configure({ dialect: "ts" }),
  tsx: parser.configure({ dialect: "ts jsx" }),
};

/** The parser for a file by its name. */
export function parserFor({ path }: Pick<SourceFile, "path">) {
  const [, dialect = "ts"] = /\.[cm]?(jsx?|tsx?)$/i.exec(path) ?? [];
  return PARSERS[dialect.toLowerCase() as keyof typeof PARSERS];
}
