import {
  environmentCanary,
  honestCanary,
  memoryCanary,
  networkCanary,
  secretCanary,
  symlinkCanary,
} from "../process/self_test/common_canaries.ts";
import type { ProgramCanary } from "../process/self_test/program_canary.ts";

/** The canaries: an honest program, and one for each kind of escape. */
export const CANARIES: readonly ProgramCanary[] = [
  honestCanary(() => ({ "main.ts": "console.log(6 * 7)" })),
  secretCanary({
    name: "static_import",
    promise: "an import reads no file of the host",
    files: ({ secretPath }) => ({
      "main.ts": `import text from ${JSON.stringify(secretPath)} with { type: "text" }; console.log(text)`,
    }),
    wrong: "a static import read a file of the host",
  }),
  symlinkCanary(({ secretPath }) => ({
    "main.ts": `import { symlinkSync } from "node:fs";
await Deno.symlink(${JSON.stringify(secretPath)}, "own").catch(() => {});
try { symlinkSync(${JSON.stringify(secretPath)}, "own"); } catch { /* It was denied. */ }
for (const path of ["own", "planted"]) console.log(await Deno.readTextFile(path).catch(() => ""));`,
  })),
  {
    name: "workspace_config",
    promise: "nothing in a workspace configures a runtime",
    cost: "runtime",
    files: () => ({
      "deno.json": '{ "imports": { "canary": "./planted.ts" }, "tasks": { "main.ts": "echo planted" } }',
      "package.json": '{ "imports": { "#canary": "./planted.ts" }, "scripts": { "preinstall": "echo planted" } }',
      "planted.ts": 'console.log("planted")',
      "main.ts": 'await import("can" + "ary")',
    }),
    fault: ({ output }) => output.includes("planted\n") ? "a deno.json in the workspace was obeyed" : undefined,
  },
  networkCanary(({ port }) => ({
    "main.ts": `import * as net from "node:net";
await Deno.connect({ port: ${port} }).catch(() => {});
await fetch("http://127.0.0.1:${port}/").catch(() => {});
await new Promise((over) => { try { net.connect(${port}, "127.0.0.1").on("error", over).on("connect", over); } catch { over(); } });`,
  })),
  environmentCanary(() => ({
    "main.ts": `import process from "node:process";
console.log(Object.entries(process.env).map(([name, value]) => name + "=" + value + "\\0").join(""));
for (const path of ["/proc/self/environ", "/proc/1/environ"]) console.log(await Deno.readTextFile(path).catch(() => ""));`,
  })),
  {
    name: "process",
    promise: "no other program is started",
    cost: "runtime",
    files: () => ({
      "main.ts": `import { spawnSync } from "node:child_process";
const { Command } = Deno;
await new Command("/bin/sh", { args: ["-c", ": >started"] }).output().catch(() => {});
try { spawnSync("/bin/sh", ["-c", ": >started"]); } catch { /* It was denied. */ }`,
    }),
    fault: ({ fileNames }) => fileNames.includes("started") ? "a program started another one" : undefined,
  },
  memoryCanary(() => ({
    "main.ts":
      "const all = []; for (let n = 0; n < 64; n++) all.push(new Uint8Array(16e6).fill(1)); console.log(all.length)",
  })),
];
