import { alike, type Attack } from "./attack.ts";

const IMPORTS = "npm:, jsr: and https: imports";

const PLANTED_REGISTRY = {
  ".npmrc": "registry=http://127.0.0.1:{{tcp}}/\n",
  "deno.json": '{ "nodeModulesDir": "auto" }',
};

/** Modules from elsewhere, which no permission for the network guards in Deno itself. */
export const REMOTE_IMPORTS: readonly Attack[] = [
  ...alike([
    {
      name: "a static import over HTTP",
      mechanism: IMPORTS,
      code: 'import "http://127.0.0.1:{{tcp}}/x.js";',
      trips: "connection",
    },
    {
      name: "an import over HTTP by a name that is put together",
      mechanism: IMPORTS,
      tries: ["import(`http://localhost:${Number({{tcp}})}/x.js`)"],
      trips: "connection",
    },
    {
      name: "a module of JSON, text or WebAssembly over HTTP",
      mechanism: IMPORTS,
      tries: [
        'import("http://127.0.0.1:{{tcp}}/x.json", { with: { type: "json" } })',
        'import("http://127.0.0.1:{{tcp}}/x.txt", { with: { type: "text" } })',
        'import("http://127.0.0.1:{{tcp}}/x.wasm")',
      ],
      trips: "connection",
    },
    {
      name: "a JSX pragma that names a host",
      mechanism: IMPORTS,
      files: { "element.tsx": "/** @jsxImportSource http://127.0.0.1:{{tcp}} */\nexport const element = <div />;" },
      code: 'import { element } from "./element.tsx"; console.log(element);',
      trips: "connection",
    },
    {
      name: "types that are named in a comment",
      mechanism: IMPORTS,
      code:
        '// @ts-types="http://127.0.0.1:{{tcp}}/x.d.ts"\nimport * as own from "./own.ts"; /// <reference types="http://127.0.0.1:{{tcp}}/y.d.ts" />\nconsole.log(own);',
      files: { "own.ts": "export {};" },
    },
    {
      name: "a Worker over HTTP",
      mechanism: IMPORTS,
      code: `const worker = new Worker("http://127.0.0.1:{{tcp}}/x.js", { type: "module" });
      worker.onerror = (event) => { event.preventDefault(); console.log("refused"); };
      setTimeout(() => Deno.exit(0), 500);`,
      trips: "connection",
    },
  ]),
  ...alike([
    {
      name: "packages of npm and JSR, from a registry that is planted",
      mechanism: IMPORTS,
      files: PLANTED_REGISTRY,
      tries: [
        'import("npm:{{token}}")',
        'import("npm:{{token}}@1/x.js")',
        'import("jsr:@a/{{token}}")',
        'import("jsr:@std/{{token}}@1")',
      ],
      trips: "connection",
    },
    {
      name: "a static import of a package",
      mechanism: IMPORTS,
      files: PLANTED_REGISTRY,
      code: 'import x from "npm:{{token}}@1"; console.log(x);',
      trips: "connection",
    },
  ]),
  {
    name: "require of a package over the network",
    mechanism: IMPORTS,
    language: "javascript",
    files: PLANTED_REGISTRY,
    code:
      'try { require("npm:{{token}}"); } catch (error) { console.log("refused"); } try { require("http://127.0.0.1:{{tcp}}/x.js"); } catch { console.log("refused"); } module.exports = {};',
  },
];
