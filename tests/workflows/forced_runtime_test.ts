import { assertEquals, assertStringIncludes } from "@std/assert";
import { bun } from "../../src/runtimes/bun/entry.ts";
import { deno } from "../../src/runtimes/deno/entry.ts";
import { isolate } from "../../src/runtimes/isolate/entry.ts";
import { native } from "../../src/runtimes/native/entry.ts";
import { node } from "../../src/runtimes/node/entry.ts";
import { createRuntimes } from "../../src/runtimes/registry.ts";
import { ApiClient } from "../support/api_client.ts";
import { openService, type OwnService } from "../support/own_service.ts";
import { shareService } from "../support/shared_service.ts";
import { isPresent } from "../support/requirements.ts";
import { searchPath } from "../support/runtime_host.ts";
import { describe } from "../support/service_client.ts";

/** A program, in one dialect or another. */
interface Dialect {
  readonly language: string;
  readonly runtime: string;
  readonly code: string;
  readonly says: string;
  readonly files?: readonly { readonly path: string; readonly content: string }[];
}

const COMMON_JS = 'const { join } = require("node:path"); console.log(join("a", "b"), typeof module.exports);';
const MODULE = 'import { join } from "node:path"; console.log(join("a", "b"), await 1);';
const TYPES =
  "interface Box<T> { readonly value: T }\nconst box: Box<number> = { value: 42 };\nconsole.log(box.value);";
const TYPED_COMMON_JS = 'const fs: any = require("node:fs"); console.log(typeof fs.readFileSync, typeof __dirname);';
const TYPED_MODULE =
  'import { type Dirent, existsSync } from "node:fs"; const a: string = "x"; console.log(a, existsSync("y"));';
/** It compares twice, where TypeScript would call a function with two arguments of types. */
const NO_TYPES =
  'import "node:os"; const f = (...all) => console.log(all.join()); const a = 1, b = 2, c = 3; f(a<b,c>(1));';
const FILES = [{ path: "lib.js", content: "exports.twice = (n) => 2 * n;" }];
const WITH_FILES = 'console.log(require("./lib.js").twice(21));';

const DIALECTS: readonly Dialect[] = [
  ...["node", "bun"].flatMap((runtime): Dialect[] => [
    { runtime, language: "javascript", code: COMMON_JS, says: "a/b object\n" },
    { runtime, language: "javascript", code: MODULE, says: "a/b 1\n" },
    { runtime, language: "javascript", code: WITH_FILES, files: FILES, says: "42\n" },
    { runtime, language: "typescript", code: TYPES, says: "42\n" },
    { runtime, language: "typescript", code: TYPED_COMMON_JS, says: "function string\n" },
    { runtime, language: "typescript", code: TYPED_MODULE, says: "x false\n" },
    { runtime, language: runtime, code: TYPES, says: "42\n" },
    { runtime, language: runtime, code: TYPED_COMMON_JS, says: "function string\n" },
    { runtime, language: runtime, code: TYPED_MODULE, says: "x false\n" },
  ]),
  { runtime: "node", language: "node", code: NO_TYPES, says: "true,true\n" },
  {
    runtime: "node",
    language: "javascript",
    code: "console.log(process.versions.node !== undefined, this)",
    says: "true {}\n",
  },
  { runtime: "bun", language: "typescript", code: "enum A { B = 7 } console.log(typeof Bun, A.B)", says: "object 7\n" },
  { runtime: "bun", language: "tsx", code: "const a: number = 3; console.log(a)", says: "3\n" },
  { runtime: "deno", language: "javascript", code: COMMON_JS, says: "a/b object\n" },
  { runtime: "deno", language: "javascript", code: MODULE, says: "a/b 1\n" },
  {
    runtime: "deno",
    language: "typescript",
    code: "enum A { B = 7 } console.log(typeof Deno, A.B)",
    says: "object 7\n",
  },
  {
    runtime: "isolate",
    language: "javascript",
    code: "console.log(typeof Deno, typeof require)",
    says: "undefined undefined\n",
  },
  { runtime: "isolate", language: "web", code: "console.log(typeof structuredClone)", says: "function\n" },
];

/** In a process of its own: what runs in this one would cross from test to test. */
const shared = shareService(["--memory-budget-mb", "2048"], { PATH: searchPath().join(":") });

/** A service with every runtime of JavaScript, and one that has nothing to do with it. */
async function openWith(): Promise<OwnService> {
  return await openService({ memoryBudgetMb: 2_048, searchPath: searchPath() }, {
    createRuntimes: (host) => createRuntimes(host, [deno, bun, node, native, isolate]),
  });
}

/** Whether the runtimes are there is known before the tests begin. */
const present = new Set<string>();
{
  await using probed = await openWith();
  for (const runtime of ["deno", "bun", "node", "isolate"]) {
    if (isPresent(runtime, await describe(probed, runtime))) present.add(runtime);
  }
}

for (const [index, { says, ...request }] of DIALECTS.entries()) {
  const { language, runtime } = request;
  Deno.test({
    name: `a forced ${runtime} runs ${language} in its own dialect, one-shot and in a session (${index})`,
    ignore: !present.has(runtime),
    fn: async () => {
      await using service = shared.borrow();
      const client = new ApiClient(service);
      const { exitCode, runtime: ranOn, stderr, stdout } = await client.json("POST", "/v1/executions", request);
      assertEquals([stdout, stderr, exitCode, ranOn], [says, "", 0, runtime]);
      if (runtime === "isolate" && language !== "web") return; // A session there has no files.
      const { id } = await client.openSession({ language, runtime });
      const { code, files = [] } = request;
      const ran = await client.run(id, { code, files: [...files] });
      assertEquals([ran.stdout, ran.stderr], [says, ""]);
      const command = await client.command(id, { type: "execute_code", code });
      assertEquals([command.result.stdout, command.result.stderr], [says, ""]);
      await client.status("DELETE", `/v1/sessions/${id}`);
    },
  });
}

Deno.test({
  name: "a context of a session on a forced node runs cells in TypeScript",
  ignore: !present.has("node"),
  fn: async () => {
    await using service = shared.borrow();
    const client = new ApiClient(service);
    const { id } = await client.openSession({ language: "typescript", runtime: "node" });
    const context = await client.json("POST", `/v1/sessions/${id}/contexts`, {});
    const path = `/v1/sessions/${id}/contexts/${context.id}/executions`;
    await client.json("POST", path, { code: "const all: number[] = [1, 2]; const fs = require('node:fs');" });
    const { stderr, value } = await client.json("POST", path, { code: "all.length + (typeof fs.readFileSync).length" });
    assertEquals([stderr, value], ["", 10]);
    await client.status("DELETE", `/v1/sessions/${id}`);
  },
});

Deno.test({
  name: "the language's own error speaks where a program does not fit a forced runtime",
  ignore: !present.has("node"),
  fn: async () => {
    await using service = shared.borrow();
    const client = new ApiClient(service);
    const run = async (language: string, code: string) =>
      await client.json("POST", "/v1/executions", { language, runtime: "node", code });
    const { exitCode, stderr } = await run("javascript", "Deno.exit(0)");
    assertEquals(exitCode, 1);
    assertStringIncludes(stderr, "ReferenceError: Deno is not defined");
    for (const language of ["node", "typescript"]) {
      assertStringIncludes((await run(language, "enum A { B }")).stderr, "TypeScript enum is not supported");
    }
  },
});

Deno.test("a runtime is refused for a language that it does not run, in words that say what to do", async () => {
  await using service = shared.borrow();
  const client = new ApiClient(service);
  const refusals: readonly (readonly [request: Record<string, string>, detail: string])[] = [
    [{ language: "python", runtime: "node" }, "The runtime node runs node, javascript, typescript: "],
    [
      { language: "python", runtime: "python" },
      "A language is not a runtime: name it in language and omit runtime",
    ],
    [{ language: "node", runtime: "nodejs" }, 'Write runtime: "node"'],
    [{ language: "node", runtime: "nodes" }, 'Unknown runtime "nodes", did you mean "node"?'],
  ];
  for (const [request, detail] of refusals) {
    const program = { ...request, code: "1" };
    for (
      const [path, body] of [["executions", program], ["runtimes/select", program], ["sessions", request]] as const
    ) {
      const { code, detail: said, errors, status } = await client.json("POST", `/v1/${path}`, body);
      assertEquals([status, code, errors?.[0]?.path], [400, "invalid_request", "runtime"], `${path}: ${said}`);
      assertStringIncludes(said, detail);
    }
  }
});

Deno.test({
  name: "a forced runtime still passes the filters that protect: floor, permissions, limits, availability",
  ignore: !present.has("node"),
  fn: async () => {
    await using service = shared.borrow();
    const client = new ApiClient(service);
    const code = 'require("node:fs").writeFileSync("ran", ""); console.log("ran")';
    const force = { language: "javascript", runtime: "node", code };
    const held: readonly (readonly [request: Record<string, unknown>, code: string, reason: string])[] = [
      [{ ...force, minIsolation: 10 }, "no_suitable_runtime", "below the floor 10"],
      [{ ...force, permissions: { allowNet: ["example.com"] } }, "no_suitable_runtime", "network"],
      [{ ...force, limits: { memoryMb: 4_096 } }, "too_large", "limits.memoryMb"],
      [{ ...force, runtime: "docker" }, "runtime_unavailable", "docker is unavailable"],
    ];
    for (const [request, problem, reason] of held) {
      const { code: _, ...session } = request;
      for (const [path, body] of [["executions", request], ["sessions", session]] as const) {
        const answer = await client.json("POST", `/v1/${path}`, body);
        assertEquals([path, answer.code, answer.id], [path, problem, undefined], JSON.stringify(answer));
        assertStringIncludes(JSON.stringify(answer), reason);
      }
      const { chosen } = await client.json("POST", "/v1/runtimes/select", request);
      assertEquals(chosen, null);
    }
  },
});
