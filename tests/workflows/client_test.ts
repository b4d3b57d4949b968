import { assertEquals } from "@std/assert";
import { dirname, join } from "@std/path";
import { Sandbox } from "@codebeaker/client";
import { packClient } from "../../packaging/client/pack.ts";
import { runDeno, runTool } from "../../packaging/run_tool.ts";
import type { Availability } from "../../src/core/capabilities.ts";
import { browserAvailability, shareBrowser } from "../support/browser.ts";
import { tellStory } from "../support/client_story.js";
import { mountsAvailability } from "../support/confined.ts";
import { findBun, findNode, nodeAvailability } from "../support/find_node.ts";
import { freePort } from "../support/free_port.ts";
import { parsePage } from "../docs/page.ts";
import { runNpmClient } from "../support/npm_client.ts";
import { npmAvailability, openNpmRegistry } from "../support/npm_registry.ts";
import { npmTool } from "../support/npm_tool.ts";
import { openService } from "../support/own_service.ts";
import { isPresent } from "../support/requirements.ts";
import { PROJECT } from "../support/service_process.ts";
import { shareService } from "../support/shared_service.ts";

const STORY = {
  programs: ['[ "a" ]\n', "héllo\n", 3, "c.txt", "héllo"],
  storage: [0, 255, 6, undefined, ["b.bin 2"]],
  errors: ["not_found", "permission_denied", "invalid_request", "invalid_request"],
  events: ["started", "stderr", "lineé\n", "completed", "started"],
  contexts: [42, 1, false],
  life: ["enough", 60_000, "story", "conflict", "closed_by_owner"],
};
/** The same as JSON carries it. */
const PRINTED_STORY = JSON.parse(JSON.stringify(STORY));

/** The client's modules for programs that use packages of npm. */
const IMPORTS = {
  "@codebeaker/client": import.meta.resolve("../../client/mod.ts"),
  "@codebeaker/client/ai": import.meta.resolve("../../client/ai.ts"),
  "@codebeaker/client/deepagents": import.meta.resolve("../../client/deepagents.ts"),
  "eventsource-parser": "npm:eventsource-parser@4.1.3",
};

/** A tool's execution uses the sandbox that the AI SDK hands to it; it prints what comes of it. */
const AI_SDK = `
  import { generateText, jsonSchema, tool } from "npm:ai@7.0.173";
  import { MockLanguageModelV4 } from "npm:ai@7.0.173/test";
  import { Sandbox } from "@codebeaker/client";
  import { toSandboxSession } from "@codebeaker/client/ai";
  const sandbox = await Sandbox.create("typescript", { url: Deno.env.get("URL") });
  const fails = (promise) => promise.then(() => "passed", (error) => error.code ?? error.name ?? error);
  async function use(session) {
    const text = (path, options = {}) => session.readTextFile({ path, ...options });
    await session.writeTextFile({ path: "d/a.txt", content: "a\\nb\\nc" });
    await session.writeBinaryFile({ path: "h", content: new Uint8Array([104, 195, 169]) });
    await session.writeFile({ path: "d/.hidden", content: new Blob(["\\u00e9"]).stream() });
    const ran = await session.run({ command: "pwd; echo $X; echo e >&2; exit 3", workingDirectory: "d", env: { X: "x" } });
    const cut = await toSandboxSession(sandbox, { timeoutMs: 200 }).run({ command: "sleep 60" });
    const written = [await text("d/a.txt"), [...await session.readBinaryFile({ path: "h" })]];
    written.push(await text("d/a.txt", { startLine: 2, endLine: 9 }));
    written.push(await new Response(await session.readFile({ path: "d/.hidden" })).text());
    written.push(await text("none"), await session.readFile({ path: "none" }), await session.readBinaryFile({ path: "none" }));
    await session.run({ command: "mkfifo pipe; mkdir empty; ln -s empty link" });
    const stats = await Promise.all(["d/a.txt", "link", "pipe", "none"].map((path) => session.stat({ path })));
    const listed = (await session.listDirectory({ path: "d" })).map(({ name, type }) => [name, type]).sort();
    const deleted = [await session.deleteFile({ path: "d/a.txt" }), await session.deleteFile({ path: "d/a.txt" })];
    deleted.push(await fails(session.deleteFile({ path: "empty" })), await session.deleteFile({ path: "link" }));
    deleted.push(await session.deleteFile({ path: "pipe" }));
    const refused = [
      await fails(session.readFile({ path: "/etc/passwd" })),
      await fails(session.listDirectory({ path: "h" })),
      await fails(session.writeTextFile({ path: "d", content: "" })),
      await fails(session.writeTextFile({ path: "l", content: "", encoding: "latin1" })),
    ];
    const running = await session.spawn({ command: "read line; echo got $line; exit 4", stdin: true });
    await new Blob(["\\u00e9\\n"]).stream().pipeTo(running.stdin);
    const output = [await new Response(running.stdout).text(), await new Response(running.stderr).text()];
    const spawned = [...output, (await running.wait()).exitCode];
    const controller = new AbortController();
    const endless = await session.spawn({ command: "echo on; sleep 60", abortSignal: controller.signal });
    const reader = endless.stdout.getReader();
    await reader.read();
    controller.abort("enough");
    const aborted = [await fails(endless.wait()), await fails(reader.read())];
    return { ran, late: [cut.exitCode, cut.stderr.includes("timed_out")], written, stats, listed, deleted, refused, spawned, aborted };
  }
  let answers;
  const call = { type: "tool-call", toolCallId: "1", toolName: "use", input: "{}" };
  const usage = { inputTokens: { total: 1 }, outputTokens: { total: 1 } };
  const model = new MockLanguageModelV4({
    doGenerate: { content: [call], finishReason: { unified: "tool-calls" }, usage, warnings: [] },
  });
  await generateText({
    model,
    prompt: "Use it",
    experimental_sandbox: toSandboxSession(sandbox),
    tools: {
      use: tool({
        inputSchema: jsonSchema({ type: "object" }),
        execute: async (_input, { experimental_sandbox }) => { answers = await use(experimental_sandbox).catch((error) => ({ error: error.stack })); return "done"; },
      }),
    },
  });
  await sandbox.kill();
  console.log(JSON.stringify(answers));
`;

/** The methods that `BaseSandbox` has use those of the backend; it prints what comes of it. */
const DEEPAGENTS = `
  import { BaseSandbox, isSandboxBackend } from "npm:deepagents@1.14.1";
  import { Sandbox } from "@codebeaker/client";
  import { toBackend } from "@codebeaker/client/deepagents";
  const sandbox = await Sandbox.create("typescript", { url: Deno.env.get("URL") });
  const backend = toBackend(BaseSandbox, sandbox);
  const bytes = (text) => new TextEncoder().encode(text);
  const kinds = [backend instanceof BaseSandbox, isSandboxBackend(backend), backend.id === sandbox.id];
  const written = await backend.write("/workspace/a.txt", "one\\ntwo\\n");
  const edited = await backend.edit("/workspace/a.txt", "two", "drei");
  const read = await backend.read("/workspace/a.txt");
  const grep = await backend.grep("drei", "/workspace");
  const glob = await backend.glob("*.txt", "/workspace");
  const ls = await backend.ls("/workspace");
  const executed = await backend.execute("cat a.txt; echo e >&2; exit 3");
  const late = await toBackend(BaseSandbox, sandbox, { timeoutMs: 200 }).execute("sleep 60");
  const uploaded = await backend.uploadFiles([["b.bin", bytes("b")], ["/etc/x", bytes("")], [".", bytes("")]]);
  const downloaded = await backend.downloadFiles(["b.bin", "none", "/etc/passwd", "."]);
  const deleted = [await backend.delete("/workspace/a.txt"), await backend.read("/workspace/a.txt")];
  await sandbox.kill();
  console.log(JSON.stringify({
    kinds, written, edited, read, grep, glob, ls, executed, late, uploaded,
    downloaded: downloaded.map(({ content, error }) => [content && new TextDecoder().decode(content), error]), deleted,
  }));
`;

/** Variables that may be missing, and what Node reads, are given to the client. */
const TYPED = `
  import { createReadStream } from "node:fs";
  import { readFile } from "node:fs/promises";
  import { Readable } from "node:stream";
  import { Sandbox, start } from "@codebeaker/client";
  import { toSandboxSession } from "@codebeaker/client/ai";
  import { toBackend } from "@codebeaker/client/deepagents";
  const timeoutMs: number | undefined = process.argv.length > 2 ? 1 : undefined;
  const sandbox = await Sandbox.create("python", { key: process.env.KEY, url: process.env.URL });
  await sandbox.run({ code: "1", timeoutMs, limits: { cpuMs: timeoutMs } }, { signal: undefined });
  await sandbox.files.write("a", await readFile("a"));
  await sandbox.files.write("a", Readable.toWeb(createReadStream("a")) as ReadableStream<Uint8Array>);
  const program = await start({ language: "python", code: "1", env: undefined });
  for await (const { data, event } of program) if (event === "stdout") console.log(data.text);
  await toSandboxSession(sandbox, { timeoutMs }).run({ command: "ls", workingDirectory: process.env.DIRECTORY });
  toBackend(class {}, sandbox, { timeoutMs });
`;

const port = freePort();
const origin = `http://127.0.0.1:${port}`;
const shared = shareService(["--allow-origins", origin]);
const story = join(PROJECT, "tests/support/client_story.js");

Deno.test("the client has a sandbox from create to kill", async () => {
  await using service = shared.borrow();
  assertEquals(await tellStory(service.url), STORY);
});

Deno.test("commands run, stream, take input, are repeated under a key, and end with their signal", async () => {
  await using service = shared.borrow();
  await using sandbox = await Sandbox.create("typescript", { url: service.url });
  const { commands } = sandbox;
  const ran = await commands.run("cat; echo out; echo err >&2; exit 3");
  assertEquals([ran.stdout, ran.stderr, ran.exitCode], ["out\n", "err\n", 3]);
  await using program = await commands.start({ command: "sh", args: ["-c", "read line; echo got $line; sleep 60"] });
  await program.write("it\n");
  const heard: string[] = [];
  for await (const { data, event } of program) {
    if (event === "stdout") heard.push(data.text);
    if (event === "stdout") await program.kill();
    if (event === "completed") heard.push(data.outcome.kind);
  }
  assertEquals(heard, ["got it\n", "cancelled"]);
  const path = `${service.url}/v1/sessions/${sandbox.id}/commands`;
  const request = { method: "POST", body: JSON.stringify({ type: "shell", command: "echo $$" }) };
  const headers = { "idempotency-key": crypto.randomUUID() };
  const first = await (await fetch(path, { ...request, headers: { ...headers, prefer: "respond-async" } })).json();
  const again = await (await fetch(path, { ...request, headers })).json();
  assertEquals([again.success, again.result.id], [true, first.id]);
  const { signal } = new AbortController();
  assertEquals(
    await commands.run("sleep 60", { signal: AbortSignal.any([signal, AbortSignal.timeout(100)]) }).catch(
      ({ name }) => name,
    ),
    "TimeoutError",
  );
});

Deno.test("install() installs packages for the programs that start afterwards", async () => {
  await using registry = await openNpmRegistry([
    { name: "answers", version: "1.0.0", files: { "index.js": "module.exports = 42;" } },
  ]);
  await using service = await openService({ runtimes: { deno: { npmRegistry: registry.url } } });
  await using sandbox = await Sandbox.create("typescript", { url: service.url });
  assertEquals((await sandbox.install(["answers@1.0.0"])).outcome, { kind: "exited", exitCode: 0 });
  assertEquals((await sandbox.run('import answer from "answers"; console.log(answer);')).stdout, "42\n");
});

const parser = await npmTool("eventsource-parser", "4.1.3");
const directory = await Deno.makeTempDir();
globalThis.addEventListener("unload", () => Deno.removeSync(directory, { recursive: true }));

if (parser !== undefined) {
  const packed = install(parser, "packed");
  const runs = `
    import { Sandbox } from "@codebeaker/client";
    import { toSandboxSession } from "@codebeaker/client/ai";
    import { toBackend } from "@codebeaker/client/deepagents";
    import { tellStory } from "./story.mjs";
    const url = process.argv[2];
    const sandbox = await Sandbox.create("typescript", { url });
    await toSandboxSession(sandbox).writeTextFile({ path: "a.txt", content: "adapted" });
    const [{ content }] = await toBackend(class {}, sandbox).downloadFiles(["a.txt"]);
    await sandbox.kill();
    console.log(JSON.stringify({ story: await tellStory(url), text: new TextDecoder().decode(content) }));
  `;
  const bun = await findBun();
  const engines: (readonly [name: string, path: string | undefined, found: Availability])[] = [
    ["bun", bun, bun === undefined ? { available: false, reason: "there is no Bun" } : { available: true }],
  ];
  for (const major of [20, 24]) {
    const node = await findNode(major);
    engines.push([`node${major}`, node, nodeAvailability(major, node)]);
  }
  for (const [name, path, found] of engines) {
    if (!isPresent(name, found) || path === undefined) continue;
    Deno.test(`the packed client and its adapters have a sandbox from create to kill [${name}]`, async () => {
      await using service = shared.borrow();
      const folder = await packed;
      await Deno.writeTextFile(join(folder, "main.mjs"), runs);
      const printed = JSON.parse(await runTool(path, ["main.mjs", service.url], { cwd: folder }));
      assertEquals(printed, { story: PRINTED_STORY, text: "adapted" });
    });
  }
}

const compiler = await npmTool("typescript", "5.7.3");
const nodeTypes = await npmTool("@types/node", "20.19.43");

if (parser !== undefined && compiler !== undefined && nodeTypes !== undefined) {
  Deno.test("the packed client has types for the oldest TypeScript and Node, with the strictest of their settings", async () => {
    const folder = await install(parser, "typed");
    await Deno.writeTextFile(join(folder, "use.mts"), TYPED);
    const strict = ["--strict", "--exactOptionalPropertyTypes", "--module", "nodenext", "--noEmit"];
    const withoutDom = ["--lib", "esnext", "--typeRoots", dirname(nodeTypes), "--types", "node"];
    await runTool("node", [join(compiler, "bin/tsc"), ...strict, ...withoutDom, "use.mts"], { cwd: folder });
  });
}

if (isPresent("chromium", await browserAvailability())) {
  const browser = shareBrowser();
  Deno.test("the bundled client has a sandbox from create to kill, on a page of another origin [chromium]", async () => {
    await using service = shared.borrow();
    const bundle = await runDeno(["bundle", "--quiet", "--minify", "--platform", "browser", story]);
    await using _page = Deno.serve(
      { hostname: "127.0.0.1", port, onListen: () => {} },
      ({ url }) =>
        url.endsWith(".js")
          ? new Response(bundle, { headers: { "content-type": "text/javascript" } })
          : new Response("<!doctype html>", { headers: { "content-type": "text/html" } }),
    );
    await using opened = await browser.open();
    await opened.page.goto(origin);
    const call = `import("/story.js").then(({ tellStory }) => tellStory(${JSON.stringify(service.url)}))`;
    assertEquals(JSON.parse(JSON.stringify(await opened.page.evaluate(call))), PRINTED_STORY);
  });
}

const npm = await npmAvailability();
if (isPresent("npm_registry", npm) && isPresent("bubblewrap", await mountsAvailability())) {
  Deno.test("toSandboxSession() is the sandbox of a tool of ai 7.0.173", async () => {
    await using service = shared.borrow();
    const answers = await runNpmClient(AI_SDK, { env: { URL: service.url }, imports: IMPORTS });
    assertEquals(answers, {
      ran: { exitCode: 3, stdout: "/workspace/d\nx\n", stderr: "e\n" },
      late: [124, true],
      written: ["a\nb\nc", [104, 195, 169], "b\nc", "é", null, null, null],
      stats: [{ type: "file", size: 5 }, { type: "directory", size: 0 }, { type: "other", size: 0 }, null],
      listed: [[".hidden", "file"], ["a.txt", "file"]],
      deleted: [true, false, "invalid_request", true, true],
      refused: ["permission_denied", "invalid_request", "invalid_request", "RangeError"],
      spawned: ["got é\n", "", 4],
      aborted: ["enough", "enough"],
    });
  });

  Deno.test("toBackend() is a BaseSandbox of deepagents 1.14.1, whose own methods use it", async () => {
    await using service = shared.borrow();
    const answers = await runNpmClient(DEEPAGENTS, { env: { URL: service.url }, imports: IMPORTS });
    const path = "/workspace/a.txt";
    const entry = { path, size: 9, is_dir: false, modified_at: answers.ls.files[0].modified_at };
    assertEquals(answers, {
      kinds: [true, true, true],
      written: { path, filesUpdate: null },
      edited: { path, filesUpdate: null, occurrences: 1 },
      read: { ...answers.read, content: "     1\tone\n     2\tdrei\n", totalLines: 2 },
      grep: { matches: [{ path, line: 2, text: "drei" }] },
      glob: { files: [{ ...entry, path: "a.txt" }], truncated: false },
      ls: { files: [entry] },
      executed: { exitCode: 3, output: "one\ndrei\ne\n", truncated: false },
      late: {
        exitCode: null,
        output: '[The command was ended: {"kind":"timed_out","limitMs":200}]',
        truncated: false,
      },
      uploaded: [
        { path: "b.bin", error: null },
        { path: "/etc/x", error: "permission_denied" },
        { path: ".", error: "is_directory" },
      ],
      downloaded: [["b", null], [null, "file_not_found"], [null, "permission_denied"], [null, "is_directory"]],
      deleted: [{ path, filesUpdate: null }, { error: `File '${path}' not found` }],
    });
  });
}

if (npm.available) {
  Deno.test("the adapters have the types of ai 7.0.173 and deepagents 1.14.1, as their page uses them", async () => {
    const page = parsePage("", await Deno.readTextFile(join(PROJECT, "docs/typescript-client.md")));
    const blocks = page.blocks.filter(({ language }) => language === "typescript");
    const imports = { ...IMPORTS, ai: "npm:ai@7.0.173", deepagents: "npm:deepagents@1.14.1" };
    const folder = join(directory, "types");
    await Deno.mkdir(folder);
    await Deno.writeTextFile(join(folder, "deno.json"), JSON.stringify({ imports, lock: false }));
    const files = blocks.map(({ text }, index) => ({ text, name: `${index}.ts` }));
    for (const { name, text } of files) await Deno.writeTextFile(join(folder, name), text);
    assertEquals(files.length, 2);
    await runDeno(["check", "--quiet", ...files.map(({ name }) => name)], { cwd: folder });
  });
}

/** Installs the packed client in a folder, beside the package that it needs. */
async function install(dependency: string, name: string): Promise<string> {
  const folder = join(directory, name);
  const own = join(folder, "node_modules/@codebeaker/client");
  await Deno.mkdir(own, { recursive: true });
  await runTool("tar", ["-xzf", await packClient(folder), "--strip-components=1", "-C", own]);
  assertEquals(await Deno.readTextFile(join(own, "LICENSE")), await Deno.readTextFile(join(PROJECT, "LICENSE")));
  await Deno.symlink(dependency, join(folder, "node_modules/eventsource-parser"));
  await Deno.copyFile(story, join(folder, "story.mjs"));
  return folder;
}
