import { assertEquals, assertStringIncludes } from "@std/assert";
import { VERSION } from "../../src/core/version.ts";
import { mountsAvailability } from "../support/confined.ts";
import { runNpmClient } from "../support/npm_client.ts";
import { npmAvailability } from "../support/npm_registry.ts";
import { openService } from "../support/own_service.ts";
import { isPresent } from "../support/requirements.ts";

/** What each client of Piston's is asked to run. */
const PISTON_PROGRAM =
  "console.log([...Deno.args], await new Response(Deno.stdin.readable).text()); console.error('e');";

/** What E2B's client is asked to do; it prints what comes of it. */
const E2B_CLIENT = `
  import { Sandbox } from "npm:@e2b/code-interpreter@2.8.0";
  const failure = (promise) => promise.then(() => undefined, (error) => error);
  const sandbox = await Sandbox.create("typescript", { metadata: { a: "b" }, envs: { TOKEN: "x" }, timeoutMs: 60_000 });
  const first = await sandbox.runCode("let x = 41; console.log('hi'); x + 1");
  const second = await sandbox.runCode("x += 2; x");
  const failed = await sandbox.runCode("null.x");
  const context = await sandbox.createCodeContext();
  const fresh = await sandbox.runCode("typeof x", { context });
  const shown = await sandbox.runCode("await display({ 'image/png': 'iVBORw0KGgo=' }, { raw: true })");
  const cells = [
    ...[first.text, first.logs.stdout, second.text, failed.executionCount, failed.error.name, failed.logs.stderr, fresh.text],
    shown.results[0].png,
  ];
  const contexts = [(await sandbox.listCodeContexts()).length];
  await sandbox.removeCodeContext(context);
  contexts.push((await sandbox.listCodeContexts()).length);
  const { path } = await sandbox.files.write("a/b.txt", "héllo");
  await sandbox.files.writeFiles([{ path: "m.txt", data: "1" }, { path: "d/m.bin", data: new Uint8Array([0, 255]).buffer }]);
  const files = [
    ...[path, await sandbox.files.read("/home/user/a/b.txt"), await sandbox.files.exists("a")],
    ...[await sandbox.files.exists("nope"), [...await sandbox.files.read("d/m.bin", { format: "bytes" })]],
    (await failure(sandbox.files.read("nope"))).constructor.name,
  ];
  const listed = (await sandbox.files.list(".")).filter(({ type }) => type === "dir").map(({ name }) => name).sort();
  const made = [await sandbox.files.makeDir("q"), await sandbox.files.makeDir("q")];
  const moved = await sandbox.files.rename("m.txt", "q/m.txt");
  const deep = (await sandbox.files.list("/home/user", { depth: 2 })).filter(({ name }) => name.startsWith("m")).length;
  await sandbox.files.remove("q");
  const directories = [listed, ...made, moved.path, deep, await sandbox.files.exists("q")];
  const run = (line, options) => sandbox.commands.run(line, options);
  const ran = await run("echo $TOKEN $X; pwd; cat /home/user/a/b.txt", { envs: { X: "y" } });
  const exited = await failure(run("echo err >&2; exit 3"));
  const bash = await run("[[ a == a ]] && echo bash", { cwd: "/home/user/a" });
  const late = await failure(run("sleep 30", { timeoutMs: 500 }));
  const commands = [ran.stdout, exited.exitCode, exited.stderr, bash.stdout, late.constructor.name];
  let hear;
  const heard = new Promise((resolve) => hear = resolve);
  const handle = await run("read l; echo got $l; sleep 30", { background: true, stdin: true, onStdout: hear });
  await sandbox.commands.sendStdin(handle.pid, "line\\n");
  const background = [await heard, (await sandbox.commands.list()).length, await handle.kill()];
  background.push((await failure(handle.wait())).message);
  const words = async (promise) => /unimplemented|501/.exec((await failure(promise)).message)?.[0];
  const unsupported = [
    await words(sandbox.pty.create({ cols: 1, rows: 1, onData() {} })),
    await words(sandbox.files.watchDir(".", () => {})),
    await words(sandbox.commands.connect(1)),
    await words(sandbox.pause()),
  ];
  const { metadata } = await sandbox.getInfo();
  const control = [await sandbox.isRunning(), metadata];
  await sandbox.setTimeout(120_000);
  const { endAt } = await sandbox.getInfo();
  control.push(Math.ceil((endAt.getTime() - Date.now()) / 60_000) * 60);
  control.push((await Sandbox.list({ query: { metadata: { a: "b" } } }).nextItems()).length);
  control.push(await (await Sandbox.connect(sandbox.sandboxId)).files.read("a/b.txt"));
  control.push([await sandbox.kill(), await sandbox.kill(), await sandbox.isRunning()]);
  control.push((await failure(sandbox.runCode("1"))).constructor.name, (await failure(run("true"))).constructor.name);
  console.log(JSON.stringify({ cells, contexts, files, directories, commands, background, unsupported, control }));
  Deno.exit();
`;

if (isPresent("npm_registry", await npmAvailability())) {
  Deno.test("piston-client 1.0.2 lists runtimes, runs programs and reads errors, unmodified", async () => {
    await using service = await openService();
    const answers = await runNpmClient(`
      import piston from "npm:piston-client@1.0.2";
      const client = piston({ server: "${service.url}" });
      const runtimes = await client.runtimes();
      const ran = await client.execute("typescript", ${JSON.stringify(PISTON_PROGRAM)}, { stdin: "in" });
      const several = await client.execute({ language: "typescript", files: [
        { name: "app.ts", content: "import { x } from './x.ts'; console.log(x); Deno.exit(3)" },
        { name: "x.ts", content: "export const x = 7;" },
      ] });
      const late = await client.execute("javascript", "for (;;);", { runTimeout: 300 });
      const unknown = await client.execute("typescript", "1", { version: "99.x" });
      console.log(JSON.stringify({ runtimes, ran, several, late, unknown }));
    `);
    const { language, version } = answers.runtimes[0];
    assertEquals([language, version], ["typescript", VERSION]);
    const { stderr, stdout, code } = answers.ran.run;
    assertEquals([stdout, stderr, code], ['[ "1", "2", "3" ] in\n\n', "e\n", 0]);
    assertEquals([answers.several.run.stdout, answers.several.run.code], ["7\n", 3]);
    assertEquals([answers.late.run.code, answers.late.run.signal, answers.late.run.status], [null, "SIGKILL", "TO"]);
    assertEquals(answers.unknown, { message: "typescript-99.x runtime is unknown" });
  });

  Deno.test("piston-api-client 2.0.1 runs programs by both of its classes, unmodified", async () => {
    await using service = await openService();
    const answers = await runNpmClient(`
      import clients from "npm:piston-api-client@2.0.1";
      const answers = [];
      for (const Client of [clients.PistonClient, clients.NodePistonClient]) {
        const client = new Client({ server: "${service.url}" });
        const runtimes = await client.runtimes();
        const files = [{ content: "console.log(Deno.args)" }];
        const ran = await client.execute({ language: "node-js", version: "*", files, args: ["Hello", "World"] });
        answers.push([runtimes.success, ran.success, ran.data.language, ran.data.run.output]);
      }
      console.log(JSON.stringify(answers));
      Deno.exit(); // A client keeps what it knows for a day, and the process with it.
    `);
    const expected = [true, true, "javascript", '[ "Hello", "World" ]\n'];
    assertEquals(answers, [expected, expected]);
  });

  Deno.test("the tool of @librechat/agents 3.9.2 runs programs and reads refusals, unmodified", async () => {
    await using service = await openService();
    const answers = await runNpmClient(`
      import { createCodeExecutionTool } from "npm:@librechat/agents@3.9.2";
      const tool = createCodeExecutionTool({ baseUrl: "${service.url}", executionProfile: "default" });
      const stored = createCodeExecutionTool({ baseUrl: "${service.url}", files: [{ id: "1", name: "a.csv" }] });
      const run = (tool, input) => tool.invoke(input).catch((error) => error.message);
      const answers = [
        await run(tool, { lang: "ts", code: "console.log(6 * 7, Deno.args); console.error('e')", args: ["a"] }),
        await run(tool, { lang: "js", code: "Deno.exit(3)" }),
        await run(tool, { lang: "f90", code: "end" }),
        await run(stored, { lang: "ts", code: "1" }),
      ];
      console.log(JSON.stringify(answers));
      Deno.exit();
    `);
    assertEquals(answers[0].trimEnd(), 'stdout:\n42 [ "a" ]\n\nstderr:\ne');
    assertStringIncludes(answers[1], "stderr:\nexit status 3");
    for (const refused of answers.slice(2)) assertStringIncludes(refused, "The code execution request was rejected");
  });

  if (isPresent("bubblewrap", await mountsAvailability())) {
    Deno.test("@e2b/code-interpreter 2.8.0 has a sandbox from create to kill, unmodified", async () => {
      await using service = await openService();
      const answers = await runNpmClient(E2B_CLIENT, {
        env: { E2B_API_KEY: "none", E2B_API_URL: `${service.url}/e2b`, E2B_SANDBOX_URL: `${service.url}/e2b` },
      });
      assertEquals(answers, {
        cells: ["42", ["hi\n"], "43", 3, "TypeError", [], '"undefined"', "iVBORw0KGgo="],
        contexts: [2, 1],
        files: ["/workspace/a/b.txt", "héllo", true, false, [0, 255], "FileNotFoundError"],
        directories: [["a", "d"], true, false, "/workspace/q/m.txt", 2, false],
        commands: ["x y\n/workspace\nhéllo", 3, "err\n", "bash\n", "TimeoutError"],
        background: ["got line\n", 1, true, "cancelled"],
        unsupported: ["unimplemented", "unimplemented", "unimplemented", "501"],
        control: [true, { a: "b" }, 120, 1, "héllo", [true, false, false], "TimeoutError", "SandboxNotFoundError"],
      });
    });
  }
}
