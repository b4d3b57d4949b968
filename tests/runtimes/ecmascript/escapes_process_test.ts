import { assertEquals } from "@std/assert";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { create as createBun } from "../../../src/runtimes/bun/mod.ts";
import { create as createNode } from "../../../src/runtimes/node/mod.ts";
import { runProgram } from "../../../src/runtimes/self_test/run_program.ts";
import { configureEnvironment } from "../../support/configure_environment.ts";
import { isPresent, testedAvailability } from "../../support/requirements.ts";
import { openRuntimeHost } from "../../support/runtime_host.ts";

/** A program beside files that would change what it does, and what it prints where nothing obeys them. */
interface Escape {
  readonly name: string;
  readonly files?: Readonly<Record<string, string>>;
  /** `{{secret}}` stands for the path of a file of the host that any user may read. */
  readonly code: string;
  readonly prints: string;
}

const PLANTED = 'console.log("planted"); module.exports = "planted";';

const ESCAPES: readonly Escape[] = [
  {
    name: "files that other tools take for their configuration",
    files: {
      "bunfig.toml": 'preload = ["./planted.js"]\n[run]\nsilent = false\n[test]\npreload = ["./planted.js"]\n',
      ".env": "PLANTED=planted\nNODE_OPTIONS=--require=./planted.js\nBUN_OPTIONS=--preload=./planted.js\n",
      ".env.local": "PLANTED=planted\n",
      ".npmrc": "node-options=--require=./planted.js\n",
      ".node-version": "planted",
      "node.config.json": '{ "nodeOptions": { "import": ["./planted.js"] } }',
      "tsconfig.json":
        '{ "compilerOptions": { "paths": { "lib": ["./planted.js"] }, "jsxImportSource": "./planted" } }',
      "package.json":
        '{ "scripts": { "main": "echo planted", "main.ts": "echo planted", "preinstall": "echo planted" } }',
      "planted.js": PLANTED,
    },
    code:
      'console.log(process.env.PLANTED, process.env.NODE_OPTIONS); try { require("lib"); } catch { console.log("none"); }',
    prints: "undefined undefined\nnone\n",
  },
  {
    name: "modules of a home",
    code: `const { mkdirSync, writeFileSync } = require("node:fs");
for (const home of [process.env.HOME, "/root", "/", require("node:os").homedir()]) {
  for (const name of [".node_modules", ".node_libraries", "node_modules"]) {
    try { mkdirSync(home + "/" + name, { recursive: true }); writeFileSync(home + "/" + name + "/x.js", ""); console.log("wrote", home); } catch {}
  }
}
try { require("x"); } catch { console.log("none"); }`,
    prints: "none\n",
  },
  {
    name: "bindings below the modules",
    code: `const fs = require("node:fs");
const tries = [
  () => fs.readFileSync("{{secret}}", "utf8"),
  () => fs.readFileSync("/proc/1/root{{secret}}", "utf8"),
  () => process.binding("fs").readFileUtf8("{{secret}}", 0),
  () => process.binding("spawn_sync").spawn({ file: "/bin/cat", args: ["cat", "{{secret}}"], stdio: [{ type: "inherit" }] }).pid < 0,
  () => require("node:child_process").execFileSync("cat", ["{{secret}}"], { stdio: ["ignore", "pipe", "ignore"] }),
  () => require("{{secret}}"),
];
for (const attempt of tries) try { if (String(attempt()).includes("secret text")) console.log("read"); } catch {}
console.log("over");`,
    prints: "over\n",
  },
  {
    name: "flags and waiting that a child would inherit",
    files: { "child.js": 'console.log("child", process.execArgv.length, process.env.CODEBEAKER_WAITS);' },
    code: `const { Worker } = require("node:worker_threads");
console.log(process.execArgv.length, process.env.CODEBEAKER_WAITS);
new Worker("console.log('worker')", { eval: true }).on("exit", () =>
  require("node:child_process").fork(process.cwd() + "/child.js").on("exit", (code) => console.log("ended", code)));`,
    prints: "0 undefined\nworker\nchild 0 undefined\nended 0\n",
  },
];

/** What only Bun takes: code that runs while a program is transpiled. */
const MACRO: Escape = {
  name: "a macro",
  files: {
    "macro.ts": 'export function planted() { console.log("planted"); return "planted"; }',
    "own.ts": 'import { planted as run } from "./macro.ts" with { type: "macro" }; export const planted = run();',
  },
  code: 'try { const { planted } = await import("./own.ts"); console.log(planted); } catch { console.log("none"); }',
  prints: "none\n",
};

for (
  const [language, create, escapes] of [
    ["node", createNode, ESCAPES],
    ["bun", createBun, [...ESCAPES, MACRO]],
  ] as const
) {
  const host = await openRuntimeHost();
  const runtime = create(host);
  Deno.test.afterAll(async () => {
    await runtime[Symbol.asyncDispose]();
    await host[Symbol.asyncDispose]();
  });
  if (!isPresent(language, await testedAvailability(runtime))) continue;

  for (const { code, files = {}, name, prints } of escapes) {
    Deno.test(`[${language}] a program gains nothing by ${name}`, async () => {
      const secret = `${host.scratchDirectory}/secret.txt`;
      await Deno.writeTextFile(secret, "secret text", { mode: 0o644 });
      await using environment = await runtime.createEnvironment(configureEnvironment(language, { singleUse: true }));
      const path = environment.mainFile();
      const { outcome, output } = await runProgram(environment, {
        files: { ...files, [path]: code.replaceAll("{{secret}}", secret) },
        program: { kind: "file", path, args: [] },
      }, { limits: DEFAULT_LIMITS, signal: new AbortController().signal });
      assertEquals([outcome, output.replaceAll(/^.*DEP0111.*\n|^\(Use .*\n/gm, "")], [
        { kind: "exited", exitCode: 0 },
        prints,
      ]);
    });
  }
}
