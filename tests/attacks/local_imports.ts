import { alike, type Attack, everywhere } from "./attack.ts";

const STATIC = "static imports of local files";
/** Up to the root from wherever a program is. */
const UP = "../".repeat(24);

/** Modules outside the workspace, by every way to import one. */
export const LOCAL_IMPORTS: readonly Attack[] = [
  ...alike([
    {
      name: "a static import of text",
      mechanism: STATIC,
      code: 'import secret from "{{outside}}/secret.txt" with { type: "text" }; console.log(secret);',
      trips: "secret",
    },
    {
      name: "a static import of JSON",
      mechanism: STATIC,
      code: 'import secret from "{{outside}}/secret.json" with { type: "json" }; console.log(secret);',
      trips: "secret",
    },
    {
      name: "a static import of TypeScript",
      mechanism: STATIC,
      code: 'import secret from "{{outside}}/secret.ts"; console.log(secret);',
      trips: "secret",
    },
    {
      name: "a static import by a file URL",
      mechanism: STATIC,
      code: 'import "file://{{outside}}/secret.mjs";',
      trips: "secret",
    },
    {
      name: "a static import that climbs out of the workspace",
      mechanism: STATIC,
      code: `import "${UP}{{outside}}/secret.mjs";`.replace("/{{", "{{"),
      trips: "secret",
    },
    {
      name: "a static import behind another module of the workspace",
      mechanism: STATIC,
      files: { "lib/inner.ts": 'export { default } from "{{outside}}/secret.ts";' },
      code: 'import secret from "./lib/inner.ts"; console.log(secret);',
      trips: "secret",
    },
  ]),
  ...alike([
    {
      name: "an import by a literal",
      mechanism: STATIC,
      code:
        'console.log(await import("{{outside}}/secret.ts"), await import("{{secret}}", { with: { type: "text" } }));',
      trips: "secret",
    },
    {
      name: "an import by a name that is put together",
      mechanism: STATIC,
      code: 'const at = ["{{outside}}", "secret.ts"].join("/"); console.log(await import(at));',
      trips: "secret",
    },
    {
      name: "an import of a WebAssembly module",
      mechanism: STATIC,
      code: `import source module from "{{outside}}/secret.wasm";
      for (const section of WebAssembly.Module.customSections(module, "secret")) console.log(new TextDecoder().decode(section));`,
      trips: "secret",
    },
  ]),
  ...alike([
    {
      name: "a type-only import, whose text an error would show",
      mechanism: STATIC,
      code: 'import type { X } from "{{secret}}"; import "{{secret}}"; const x: X = 1; console.log(x);',
    },
    {
      name: "a reference to types outside",
      mechanism: STATIC,
      code:
        '/// <reference path="{{outside}}/secret.ts" />\n// @ts-types="{{outside}}/secret.ts"\nimport "./main.ts"; console.log(1);',
    },
  ]),
  ...alike([
    {
      name: "a Worker whose module is outside",
      mechanism: STATIC,
      code: `const worker = new Worker("file://{{outside}}/worker.js", { type: "module" });
      worker.onmessage = ({ data }) => { console.log(data); Deno.exit(0); };
      worker.onerror = () => Deno.exit(1);`,
      trips: "secret",
    },
    {
      name: "a Worker that imports what is outside",
      mechanism: STATIC,
      files: { "worker.ts": 'import secret from "{{outside}}/secret.ts"; self.postMessage(secret);' },
      code: `const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
      worker.onmessage = ({ data }) => { console.log(data); Deno.exit(0); };
      worker.onerror = () => Deno.exit(1);`,
      trips: "secret",
    },
    {
      name: "a Worker made of a data URL",
      mechanism: STATIC,
      code: `const code = 'import secret from "file://{{outside}}/secret.ts"; self.postMessage(secret);';
      const worker = new Worker("data:text/javascript," + encodeURIComponent(code), { type: "module" });
      worker.onmessage = ({ data }) => { console.log(data); Deno.exit(0); };
      worker.onerror = () => Deno.exit(1);`,
    },
    {
      name: "a module of a blob that imports what is outside",
      mechanism: STATIC,
      code:
        `const blob = new Blob(['export * from "file://{{outside}}/secret.ts"; import "file://{{outside}}/secret.ts";'], { type: "text/javascript" });
      console.log(await import(URL.createObjectURL(blob)));`,
      trips: "secret",
    },
  ]),
  {
    name: "CommonJS by require",
    language: "javascript",
    code: 'const { secret } = require("{{outside}}/secret.json"); console.log(secret); module.exports = {};',
    trips: "secret",
  },
  ...everywhere([{
    name: "CommonJS by every way to load a file",
    code: `import { createRequire, Module } from "node:module";
      const load = (ending, path) => { const module = new Module("x"); Module._extensions[ending](module, path); return module.exports; };
      const attempts = [
        () => createRequire(import.meta.url)("{{outside}}/secret.json"),
        () => createRequire("{{outside}}/x.js")("./secret.cjs"),
        () => createRequire("{{outside}}/x.js")("secret"),
        () => load(".json", "{{outside}}/secret.json"),
        () => load(".js", "{{outside}}/secret.cjs"),
        () => process.getBuiltinModule("fs").readFileSync("{{secret}}", "utf8"),
      ];
      for (const attempt of attempts) try { console.log(attempt()); } catch (error) { console.log("refused", error.message); }`,
    trips: "secret",
  }]),
];
