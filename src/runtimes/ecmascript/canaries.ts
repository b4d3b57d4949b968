import { mainFileOf } from "../../core/languages.ts";
import {
  environmentCanary,
  honestCanary,
  memoryCanary,
  networkCanary,
  secretCanary,
  symlinkCanary,
} from "../process/self_test/common_canaries.ts";
import type { ProgramCanary } from "../process/self_test/program_canary.ts";

/** Reads a file, and prints nothing where it cannot. */
const READ = 'const read = (path) => { try { console.log(fs.readFileSync(path, "utf8")); } catch {} };';
const MODULES = 'const fs = require("node:fs");';

/**
 * The canaries in a language: an honest program, and one for each kind of escape. They are for a runtime that runs
 * CommonJS and checks nothing itself.
 */
export function canariesIn(
  language: string,
  { configuration }: { readonly configuration: Readonly<Record<string, string>> },
): readonly ProgramCanary[] {
  const mainFile = mainFileOf(language);
  const code = (...lines: string[]) => ({ [mainFile]: [MODULES, READ, ...lines].join("\n") });
  return [
    honestCanary(() => code("console.log(6 * 7);")),
    secretCanary({
      name: "import",
      promise: "an import reads no file of the host",
      files: ({ secretPath }) => code(`read(${JSON.stringify(secretPath)}); require(${JSON.stringify(secretPath)});`),
      wrong: "an import read a file of the host",
    }),
    symlinkCanary(({ secretPath }) =>
      code(
        `try { fs.symlinkSync(${JSON.stringify(secretPath)}, "own"); } catch {}`,
        'for (const path of ["own", "planted"]) read(path);',
      )
    ),
    {
      name: "workspace_config",
      promise: "nothing in a workspace configures a runtime",
      cost: "runtime",
      files: () => ({
        ...configuration,
        "package.json": '{ "scripts": { "main": "echo planted", "preinstall": "echo planted" } }',
        "planted.cjs": 'console.log("planted");',
        ...code('console.log(process.env.PLANTED); try { require("can" + "ary"); } catch {}'),
      }),
      fault: ({ output }) => output.includes("planted\n") ? "a file of the workspace was obeyed" : undefined,
    },
    networkCanary(({ port }) =>
      code(
        `require("node:net").connect(${port}, "127.0.0.1").on("error", () => {}).on("connect", () => process.exit());`,
        `fetch("http://127.0.0.1:${port}/").catch(() => {});`,
      )
    ),
    environmentCanary(() =>
      code(
        "console.log(Object.entries(process.env).map(([name, value]) => `${name}=${value}\\0`).join(''));",
        'for (const path of ["/proc/self/environ", "/proc/1/environ"]) read(path);',
      )
    ),
    memoryCanary(() => code("const all = []; for (let n = 0; n < 64; n++) all.push(Buffer.alloc(16e6, 1));")),
  ];
}
