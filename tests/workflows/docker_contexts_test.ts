import { assertEquals, assertMatch } from "@std/assert";
import { ApiClient } from "../support/api_client.ts";
import { DOCKER_HOST, dockerAvailability } from "../support/docker.ts";
import { OpenContext } from "../support/open_context.ts";
import { isPresent } from "../support/requirements.ts";
import { shareService } from "../support/shared_service.ts";
import { until } from "../support/until.ts";

const SETTINGS = { CODEBEAKER_DOCKER_HOST: DOCKER_HOST, CODEBEAKER_DOCKER_PULL: "never" };
const RICH =
  "class Rich:\n  def _repr_html_(self): return '<b>'\n  def _repr_png_(self): return b'\\x89PNG'\n  def __repr__(self): return 'rich'";

if (isPresent("docker", await dockerAvailability("python"))) {
  const shared = shareService([], SETTINGS);

  Deno.test("[docker] a Python context keeps what its cells made, and answers with values and displays", async () => {
    await using service = shared.borrow();
    const client = new ApiClient(service);
    const session = await client.openSession({ language: "python", runtime: "docker" });
    const context = await OpenContext.open(client, session.id);
    assertEquals((await context.run("import asyncio, math\nx = 40")).exitCode, 0);
    assertEquals((await context.run("await asyncio.sleep(0.01)\nx + 2")).value, 42);
    const mixed = await context.run("print('out'); {'pi': [math.floor(math.pi), None]}");
    assertEquals([mixed.stdout, mixed.value, mixed.valueType], ["out\n", { pi: [3, null] }, "json"]);
    const tuple = await context.run("(1, 2**60)");
    assertEquals([tuple.value, tuple.valueType], [{ "text/plain": "(1, 1152921504606846976)" }, "mime"]);
    const shown = await context.run(`${RICH}\ndisplay(Rich())\nRich()`);
    const bundle = { "text/plain": "rich", "text/html": "<b>", "image/png": "iVBORw==" };
    assertEquals([shown.value, shown.displays], [bundle, [bundle]]);
    const failed = await context.run("def f():\n  return 1 / 0\n\nf()");
    assertEquals(failed.exitCode, 1);
    assertMatch(failed.stderr, /File "cell_6", line 4, in <module>\n {4}f\(\)\n.*File "cell_6", line 2, in f\n/s);
    const syntax = await context.run("fine = 1\na b");
    assertMatch(syntax.stderr, /File "cell_7", line 2\n {4}a b\n/);
    assertMatch((await context.run("input()")).stderr, /\nEOFError: .*`stdin`/);
    assertEquals((await context.run("[input(), input()]", { stdin: "a\nb" })).value, ["a", "b"]);
  });

  Deno.test("[docker] a Python cell that spins or sleeps is interrupted with its state kept; one that will not be is lost", async () => {
    await using service = shared.borrow();
    const client = new ApiClient(service);
    const session = await client.openSession({ language: "python", runtime: "docker" });
    const context = await OpenContext.open(client, session.id);
    const timedOut = { kind: "timed_out", limitMs: 300 } as const;
    assertEquals((await context.run("import asyncio, time\nn = 1")).exitCode, 0);
    for (const code of ["while True: pass", "time.sleep(60)", "await asyncio.sleep(60)"]) {
      assertEquals([code, (await context.run(code, { timeoutMs: 300 })).outcome], [code, timedOut]);
    }
    const spinning = context.run("n += 1\nopen('spins', 'w').close()\nwhile True: pass", { timeoutMs: 60_000 });
    await until(
      async () => await client.status("GET", `/v1/sessions/${session.id}/files/spins`) === 200,
      "the cell spins",
    );
    assertEquals((await client.json("POST", `${context.path}/interrupt`)).interrupted, true);
    assertEquals((await spinning).outcome, { kind: "cancelled" });
    assertEquals((await context.run("n")).value, 2);
    const stubborn = "while True:\n  try:\n    while True: pass\n  except KeyboardInterrupt: pass";
    const lost = await context.run(stubborn, { timeoutMs: 2_000 }); // It has begun by then.
    assertEquals([lost.outcome, lost.contextLost], [{ kind: "timed_out", limitMs: 2_000 }, true]);
  });

  Deno.test("[docker] a Python context survives a long value among what others print, and what it raises", async () => {
    await using service = shared.borrow();
    const client = new ApiClient(service);
    const session = await client.openSession({ language: "python", runtime: "docker" });
    const context = await OpenContext.open(client, session.id);
    const printing = `import subprocess, threading, time
def work():
  while True: print('thread'); time.sleep(.001)
threading.Thread(target=work, daemon=True).start()
process = subprocess.Popen(['sh', '-c', 'while :; do echo process; sleep .001; done'])`;
    assertEquals((await context.run(printing)).exitCode, 0);
    const long = await context.run("'x' * 300_000");
    assertEquals([long.contextLost, long.value === "x".repeat(300_000)], [undefined, true]);
    const raised = await context.run("process.kill()\nraise GeneratorExit");
    assertEquals([raised.outcome, raised.contextLost], [{ kind: "exited", exitCode: 1 }, undefined]);
    assertEquals(raised.stderr.match(/File "[^"]*"/g), ['File "cell_3"']);
  });

  Deno.test("[docker] a Python cell that awaits runs in one loop, with the context variables of all cells", async () => {
    await using service = shared.borrow();
    const client = new ApiClient(service);
    const session = await client.openSession({ language: "python", runtime: "docker" });
    const context = await OpenContext.open(client, session.id);
    const task = "import asyncio, decimal\ntask = asyncio.create_task(asyncio.sleep(.1, 'slept'))\nawait task";
    assertEquals((await context.run(task)).value, "slept");
    const precise = "await asyncio.sleep(0)\ndecimal.getcontext().prec = 50\ndecimal.getcontext().prec";
    assertEquals([(await context.run(precise)).value, (await context.run("decimal.getcontext().prec")).value], [
      50,
      50,
    ]);
    const failed = await context.run("await asyncio.sleep(0)\n1 / 0");
    assertEquals(failed.stderr.match(/File "[^"]*", line \d+/g), ['File "cell_4", line 2']);
  });

  Deno.test("[docker] a regular expression without end is interrupted with the context's state kept", async () => {
    await using service = shared.borrow();
    const client = new ApiClient(service);
    const session = await client.openSession({ language: "python", runtime: "docker" });
    const context = await OpenContext.open(client, session.id);
    const match = "re.match(r'(a+)+$', 'a' * 50 + 'b')";
    assertEquals((await context.run("import re\nn = 1")).exitCode, 0);
    const late = await context.run(match, { timeoutMs: 300 });
    assertEquals([late.outcome, late.contextLost], [{ kind: "timed_out", limitMs: 300 }, undefined]);
    const file = `/v1/sessions/${session.id}/files/matches`;
    const matching = context.run(`open('matches', 'w').close()\n${match}`, { timeoutMs: 60_000 });
    await until(async () => await client.status("GET", file) === 200, "the cell matches");
    assertEquals((await client.json("POST", `${context.path}/interrupt`)).interrupted, true);
    assertEquals((await matching).outcome, { kind: "cancelled" });
    assertEquals((await context.run("n")).value, 1);
  });

  Deno.test("[docker] a Python context ends with its process, and what it forks or forges changes nothing", async () => {
    await using service = shared.borrow();
    const client = new ApiClient(service);
    const session = await client.openSession({ language: "python", runtime: "docker", limits: { memoryMb: 64 } });
    const context = await OpenContext.open(client, session.id);
    const forged = await context.run("import os\nos.write(1, b'\\0\\x07\\x02x{}\\n\\xe2\\x82')\nos.fork()\n5");
    assertEquals([forged.value, forged.stdout], [5, "\0\x07\x02x{}\n�"]);
    const killed = await context.run("print('bye')\nos.kill(os.getpid(), 9)");
    assertEquals([killed.outcome, killed.contextLost, killed.stdout], [
      { kind: "signaled", signal: "SIGKILL" },
      true,
      "bye\n",
    ]);
    const other = await OpenContext.open(client, session.id);
    assertEquals((await other.run("import sys; sys.exit(3)")).outcome, { kind: "exited", exitCode: 3 });
    const third = await OpenContext.open(client, session.id);
    assertEquals((await third.run("n = 10**9\nkept = 'x' * n")).outcome.kind, "memory_limit");
    assertEquals((await client.run(session.id, { code: "print(1)" })).stdout, "1\n");
  });

  Deno.test("[docker] a language without an interpreter is told so", async () => {
    await using service = shared.borrow();
    const client = new ApiClient(service);
    const session = await client.openSession({ language: "bash", runtime: "docker" });
    const refused = await client.json("POST", `/v1/sessions/${session.id}/contexts`, {});
    assertEquals([refused.status, refused.code], [422, "unsupported_language"]);
  });
}
