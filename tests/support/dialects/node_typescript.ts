import type { Dialect } from "./dialect.ts";
import { node } from "./node.ts";

/** What programs of CommonJS find. */
const PREFIX = [
  'const require: (name: string) => any = process.getBuiltinModule("node:module").createRequire(import.meta.url);',
  "const __filename: string = import.meta.filename;",
].join(" ");

/** TypeScript for Node: the programs in CommonJS as modules with types. */
export const nodeTypescript: Dialect = {
  ...asModules(node),
  failOnLine3: (message) =>
    `const message: string = ${JSON.stringify(message)};\n\nthrow new Error(message as string);`,
  printIsMain: 'console.log(import.meta.main ? "main" : "not main");',
};

/** The same programs with the prefix, in whatever they are. */
function asModules<Programs>(programs: Programs): Programs {
  if (typeof programs === "string") return `${PREFIX} ${programs}` as Programs;
  if (typeof programs === "function") return ((...args: unknown[]) => asModules(programs(...args))) as Programs;
  if (typeof programs !== "object" || programs === null) return programs;
  return Object.fromEntries(Object.entries(programs).map(([name, program]) => [name, asModules(program)])) as Programs;
}
