import { honestCanary, memoryCanary, networkCanary } from "../process/self_test/common_canaries.ts";
import type { Observation, ProgramCanary } from "../process/self_test/program_canary.ts";

const findsSecret = (fault: string) => ({ output, targets: { secret } }: Observation) =>
  output.includes(secret) ? fault : undefined;

/** The kinds of escape that SECURITY names, and an honest program. */
export const CANARIES: readonly ProgramCanary[] = [
  honestCanary(() => ({ "main.ts": "console.log(6 * 7)" })),
  {
    name: "static_import",
    promise: "an import reads no file of the host",
    cost: "runtime",
    files: ({ secretPath }) => ({
      "main.ts": `import text from ${JSON.stringify(secretPath)} with { type: "text" }; console.log(text)`,
    }),
    fault: findsSecret("a static import read a file of the host"),
  },
  {
    name: "symlink",
    promise: "a symlink leads out of no workspace",
    cost: "runtime",
    files: ({ secretPath }) => ({
      "main.ts": `import { symlinkSync } from "node:fs";
await Deno.symlink(${JSON.stringify(secretPath)}, "own").catch(() => {});
try { symlinkSync(${JSON.stringify(secretPath)}, "own"); } catch { /* It was denied. */ }
for (const path of ["own", "planted"]) console.log(await Deno.readTextFile(path).catch(() => ""));`,
    }),
    links: ({ hidesFiles, secretPath }): Record<string, string> => hidesFiles ? { planted: secretPath } : {},
    fault: findsSecret("a symlink led to a file of the host"),
  },
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
  {
    name: "environment",
    promise: "no variable of the service is seen",
    cost: "runtime",
    files: () => ({
      "main.ts": `import process from "node:process";
console.log(JSON.stringify([{ ...process.env }]));
for (const path of ["/proc/self/environ", "/proc/1/environ"]) console.log(await Deno.readTextFile(path).catch(() => ""));`,
    }),
    fault: ({ output, targets }) => {
      const seen = targets.ownVariables.map((variable) => [variable, variable.slice(0, variable.indexOf("="))] as const)
        .find(([variable, name]) =>
          output.includes(`${variable}\0`) ||
          output.includes(`${JSON.stringify(name)}:${JSON.stringify(variable.slice(name.length + 1))}`)
        );
      return seen === undefined ? undefined : `the service's own ${seen[1]} was seen`;
    },
  },
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
