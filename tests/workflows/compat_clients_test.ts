import { assertEquals, assertStringIncludes } from "@std/assert";
import { VERSION } from "../../src/core/version.ts";
import { runNpmClient } from "../support/npm_client.ts";
import { npmAvailability } from "../support/npm_registry.ts";
import { openService } from "../support/own_service.ts";
import { isPresent } from "../support/requirements.ts";

/** What each client of Piston's is asked to run. */
const PISTON_PROGRAM =
  "console.log([...Deno.args], await new Response(Deno.stdin.readable).text()); console.error('e');";

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

  Deno.test("@antonz/codapi 0.19.10 runs snippets of a page, unmodified", async () => {
    await using service = await openService();
    const answers = await runNpmClient(`
      import { Window } from "npm:happy-dom@20";
      const window = new Window({ url: "${service.url}" });
      for (const name of ["window", "DOMParser", "document", "HTMLElement", "CustomEvent", "Event", "EventTarget", "customElements"]) {
        globalThis[name] = name === "window" ? window : window[name];
      }
      await import("npm:@antonz/codapi@0.19.10/dist/snippet.mjs");
      const run = async (attributes, code) => {
        window.document.body.innerHTML = '<codapi-settings url="${service.url}/v1"></codapi-settings><pre><code></code></pre>';
        window.document.querySelector("code").textContent = code;
        const snippet = window.document.createElement("codapi-snippet");
        for (const [name, value] of Object.entries(attributes)) snippet.setAttribute(name, value);
        window.document.body.append(snippet);
        const result = new Promise((resolve) => snippet.addEventListener("result", ({ detail }) => resolve(detail)));
        while (!snippet.ready) await new Promise((resolve) => setTimeout(resolve, 10));
        snippet.execute();
        const { ok, stdout, stderr } = await result;
        return [ok, stdout, stderr, snippet.querySelector("codapi-output").textContent.trim()];
      };
      const answers = [
        await run({ sandbox: "typescript" }, "console.log(6 * 7)"),
        await run({ sandbox: "typescript" }, "console.log(1); Deno.exit(3)"),
        await run({ sandbox: "cobol" }, "x"),
      ];
      console.log(JSON.stringify(answers));
      Deno.exit();
    `);
    assertEquals(answers[0].slice(0, 3), [true, "42", ""]);
    assertStringIncludes(answers[0][3], "42");
    assertEquals(answers[1].slice(0, 3), [false, "", "1 (exit status 3)"]);
    assertEquals(answers[2].slice(0, 3), [false, "", "404 - Unknown sandbox or command."]);
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
}
