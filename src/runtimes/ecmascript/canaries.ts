import { mainFileOf } from "../../core/languages.ts";
import { honestCanary, memoryCanary, networkCanary } from "../process/self_test/common_canaries.ts";
import type { Observation, ProgramCanary } from "../process/self_test/program_canary.ts";

const findsSecret = (fault: string) => ({ output, targets: { secret } }: Observation) =>
  output.includes(secret) ? fault : undefined;

/** Reads a file, and prints nothing where it cannot. */
const READ = 'const read = (path) => { try { console.log(fs.readFileSync(path, "utf8")); } catch {} };';
const MODULES = 'const fs = require("node:fs");';

/** The kinds of escape that SECURITY names, and an honest program, for a runtime that speaks CommonJS and checks nothing itself. */
export function canariesIn(language: string): readonly ProgramCanary[] {
  const mainFile = mainFileOf(language);
  const code = (...lines: string[]) => ({ [mainFile]: [MODULES, READ, ...lines].join("\n") });
  return [
    honestCanary(() => code("console.log(6 * 7);")),
    {
      name: "import",
      promise: "an import reads no file of the host",
      cost: "runtime",
      files: ({ secretPath }) => code(`read(${JSON.stringify(secretPath)}); require(${JSON.stringify(secretPath)});`),
      fault: findsSecret("an import read a file of the host"),
    },
    {
      name: "symlink",
      promise: "a symlink leads out of no workspace",
      cost: "runtime",
      files: ({ secretPath }) =>
        code(
          `try { fs.symlinkSync(${JSON.stringify(secretPath)}, "own"); } catch {}`,
          'for (const path of ["own", "planted"]) read(path);',
        ),
      links: ({ hidesFiles, secretPath }): Record<string, string> => hidesFiles ? { planted: secretPath } : {},
      fault: findsSecret("a symlink led to a file of the host"),
    },
    {
      name: "workspace_config",
      promise: "nothing in a workspace configures a runtime",
      cost: "runtime",
      files: () => ({
        "bunfig.toml": 'preload = ["./planted.cjs"]\n',
        ".env": "PLANTED=planted\n",
        ".npmrc": "node-options=--require=./planted.cjs\n",
        "tsconfig.json": '{ "compilerOptions": { "paths": { "canary": ["./planted.cjs"] } } }',
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
    {
      name: "environment",
      promise: "no variable of the service is seen",
      cost: "runtime",
      files: () =>
        code(
          "console.log(Object.entries(process.env).map(([name, value]) => `${name}=${value}\\0`).join(''));",
          'for (const path of ["/proc/self/environ", "/proc/1/environ"]) read(path);',
        ),
      fault: ({ output, targets }) => {
        const seen = targets.ownVariables.find((variable) => output.includes(`${variable}\0`));
        return seen === undefined ? undefined : `the service's own ${seen.slice(0, seen.indexOf("="))} was seen`;
      },
    },
    memoryCanary(() => code("const all = []; for (let n = 0; n < 64; n++) all.push(Buffer.alloc(16e6, 1));")),
  ];
}
