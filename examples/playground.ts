// deno-lint-ignore-file no-console -- a program of the command line prints
// A playground: a page with an editor, whose programs run on the service while their output arrives.
//
//   npx -y deno@2.9.6 run --allow-net --allow-env examples/playground.ts [port]

import { send } from "./service.ts";

const MAX_CODE_LENGTH = 100_000;
const PAGE = `<!doctype html>
<meta charset="utf-8">
<title>Playground</title>
<textarea id="code" rows="12" cols="80">for (let i = 3; i > 0; i--) {
  console.log(i);
  await new Promise((go) => setTimeout(go, 500));
}</textarea>
<p><button id="run">Run</button></p>
<pre id="output"></pre>
<script type="module">
const output = document.getElementById("output");
document.getElementById("run").onclick = async () => {
  output.textContent = "";
  const response = await fetch("/run", { method: "POST", body: document.getElementById("code").value });
  let text = "";
  for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
    const events = (text + part).split("\\n\\n");
    text = events.pop();
    for (const event of events) show(event);
  }
};
function show(event) {
  const name = /^event: (.*)$/m.exec(event)?.[1];
  const data = JSON.parse(/^data: (.*)$/m.exec(event)?.[1] ?? "{}");
  if (name === "stdout" || name === "stderr") output.textContent += data.text;
  if (name === "completed") output.textContent += "\\n" + data.outcome.kind + " after " + data.usage.wallMs + " ms";
}
</script>`;

/** Answers with the page, and passes the events of a program on; a visitor who leaves ends the program. */
async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === "/") return new Response(PAGE, { headers: { "content-type": "text/html" } });
  if (pathname !== "/run" || request.method !== "POST") return new Response("Not found", { status: 404 });
  const code = (await request.text()).slice(0, MAX_CODE_LENGTH);
  const { body } = await send("POST", "/v1/executions", {
    body: { language: "typescript", code, stdin: "", timeoutMs: 5_000 },
    headers: { accept: "text/event-stream" },
    signal: request.signal,
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

Deno.serve({
  hostname: "127.0.0.1",
  port: Number(Deno.args[0] ?? 8080),
  handler: answer,
  onListen: ({ hostname, port }) => console.log(`The playground is at http://${hostname}:${port}/`),
});
