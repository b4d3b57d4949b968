import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { PROJECT } from "../support/service_process.ts";
import { TextLineStream } from "../support/text_lines.ts";

/** The programs of examples/, with what each prints. */
const PROGRAMS: Readonly<Record<string, string>> = {
  agent_loop: `turn 1: net example.com:443 was denied: permissions.allowNet is false
turn 2: error: Uncaught (in promise) TypeError: Cannot read properties of undefined (reading 'toFixed')
turn 3: ANSWER 4
`,
  grader: `ada: python, 3 of 3, CPU time and memory measured
ben: python, 0 of 3: wrong_answer in three
cleo: c, 3 of 3, CPU time and memory measured
dan: c, 0 of 3: time_limit in three
eve: c, 0 of 3: error: expected ‘;’ before ‘}’ token
finn: javascript, 3 of 3, CPU time and memory measured
gus: javascript, 0 of 3: it may not read /srv/solutions/sum.txt
`,
  notebook: `[1] const prices = [3, 5, 8];
[2] prices.map((price) => price * 2)
    = [ 6, 10, 16 ]
[3] display({ "text/html": "<b>3</b> prices", "text/plain": "3 prices" }, { raw: true })
    display text/html, text/plain: 3 prices
[4] prices.total()
    TypeError: prices.total is not a function
[5] new Set(prices)
    = Set(3) { 3, 5, 8 }
`,
};

function start(name: string, url: string, args: readonly string[] = []): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "--allow-net", "--allow-env", `examples/${name}.ts`, ...args],
    cwd: PROJECT,
    env: { CODEBEAKER_URL: url, NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Runs every example that ends by itself against a service. @throws {AssertionError} */
export async function assertProgramsPrint(url: string): Promise<void> {
  for (const [name, expected] of Object.entries(PROGRAMS)) {
    const { stderr, stdout } = await start(name, url).output();
    const text = new TextDecoder();
    assertEquals(text.decode(stdout) + text.decode(stderr), expected, name);
  }
}

/** Runs a program in the playground. @throws {AssertionError} */
export async function assertPlaygroundRuns(url: string): Promise<void> {
  await using playground = start("playground", url, ["0"]);
  const errors = new Response(playground.stderr).text();
  const lines = playground.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream()).getReader();
  try {
    const { value = "" } = await lines.read();
    const address = /http:\S+/.exec(value)?.[0];
    assert(address !== undefined, value);
    assertStringIncludes(await (await fetch(address)).text(), "<textarea");
    const events = await (await fetch(new URL("run", address), { method: "POST", body: "console.log(6 * 7)" })).text();
    assertStringIncludes(events, 'event: stdout\ndata: {"text":"42\\n"}');
    assertStringIncludes(events, "event: completed");
    assertEquals(await (await fetch(new URL("elsewhere", address))).text(), "Not found");
  } finally {
    playground.kill();
    await lines.cancel();
    await errors;
  }
}
