import { assertEquals, assertMatch } from "@std/assert";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { configureEnvironment } from "../../support/configure_environment.ts";
import { isPresent, testedAvailability } from "../../support/requirements.ts";
import { type CellHost, SOON_MS, testCells, withContext } from "../interpreters/python/cell_checks.ts";
import { openWasm } from "./open_wasm.ts";

const runtime = await openWasm();

/** A context may live for longer than any test takes. */
const LIFE = { ...DEFAULT_LIMITS, timeoutMs: 120_000, cpuMs: 120_000, maxTotalOutputBytes: Number.MAX_SAFE_INTEGER };

if (runtime !== undefined && isPresent("wasm/python", await testedAvailability(runtime, "python"))) {
  const host: CellHost = {
    title: "wasm/python",
    async withHandle(test, files = {}) {
      await using environment = await runtime.createEnvironment(configureEnvironment("python"));
      for (const [path, text] of Object.entries(files)) {
        await environment.files.write(path, new TextEncoder().encode(text));
      }
      await test(await environment.run({ kind: "context", language: "python" }, { env: { MINE: "1" }, limits: LIFE }));
    },
  };
  testCells(host);

  Deno.test("[wasm/python] a cell that waits is interrupted and at its deadline, wherever it waits, with its state kept", () =>
    withContext(host, async (run, context) => {
      await run(
        "import asyncio, time\nstate = 7\nasync def forever(): await asyncio.get_running_loop().create_future()",
      );
      const waits = [
        "time.sleep(60)",
        "await asyncio.sleep(60)",
        "asyncio.run(forever())",
        "await asyncio.gather(forever(), forever())",
        "await asyncio.sleep(0)\ntime.sleep(60)",
        "asyncio.create_task(forever())\nasyncio.run(asyncio.sleep(60))",
      ];
      for (const code of waits) {
        const late = await run(code, SOON_MS);
        assertEquals([code, late.outcome.kind, late.contextLost], [code, "timed_out", undefined]);
        const files = late.stderr.match(/File "[^"]*"/g) ?? [];
        assertEquals(files.slice(0, code.startsWith("time") ? undefined : 1), [`File "${late.cell}"`]);
        assertMatch(late.stderr, /\nKeyboardInterrupt\n$/);
        const running = run(code);
        await new Promise((resolve) => setTimeout(resolve, 100));
        assertEquals(context.interrupt(), true);
        const { contextLost, outcome } = await running;
        assertEquals([code, outcome.kind, contextLost], [code, "cancelled", undefined]);
      }
      assertEquals((await run("state")).value, 7);
    }));

  Deno.test("[wasm/python] a cell that waits over and over keeps its state when it is interrupted, also within its event loop", () =>
    withContext(host, async (run) => {
      await run("import time\nstate = 7");
      for (let round = 0; round < 20; round++) {
        const { contextLost, outcome } = await run("while True: time.sleep(0.0001)", 50 + round);
        assertEquals([round, outcome.kind, contextLost], [round, "timed_out", undefined]);
      }
      assertEquals((await run("state")).value, 7);
    }));

  Deno.test("[wasm/python] what catches the interrupt of a cell goes on until its process is killed, and a program's own is an error", () =>
    withContext(host, async (run) => {
      const own = await run("raise KeyboardInterrupt");
      assertEquals([own.outcome.kind, own.error?.name], ["exited", "KeyboardInterrupt"]);
      const { error } = await run("import time\ntime.sleep('x')");
      assertEquals([error?.name, error?.traceback.match(/File "[^"]*"/g)?.length], ["TypeError", 1]);
      const catching = "import time\nwhile True:\n  try: time.sleep(60)\n  except KeyboardInterrupt: pass";
      const { contextLost, outcome } = await run(catching, SOON_MS);
      assertEquals([outcome.kind, contextLost], ["timed_out", true]);
    }));

  Deno.test("[wasm/python] tasks go on between cells, one that ends the program ends the context, and one that fails ends nothing", () =>
    withContext(host, async (run) => {
      await run("import asyncio\nasync def count():\n  global n\n  for n in range(10**9): await asyncio.sleep(0)");
      await run("task = asyncio.create_task(count())\nawait asyncio.sleep(0.01)");
      const seen = [];
      for (let times = 0; times < 2; times++) {
        seen.push((await run("n")).value);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assertEquals(Number(seen[1]) > Number(seen[0]), true);
      await run("async def fail(): raise ValueError('mine')\nfailing = asyncio.create_task(fail())");
      await new Promise((resolve) => setTimeout(resolve, 100));
      assertEquals((await run("[type(failing.exception()).__name__]")).value, ["ValueError"]);
      await run("async def leave(): raise SystemExit(5)\nleaving = asyncio.create_task(leave())");
      await new Promise((resolve) => setTimeout(resolve, 300));
      const { contextLost, outcome } = await run("1").catch((error) => ({ contextLost: true, outcome: error.code }));
      assertEquals([contextLost, outcome], [true, "conflict"]);
    }));

  Deno.test("[wasm/python] a cell waits for tasks of cells that wait for nothing, before and after any that wait", () =>
    withContext(host, async (run) => {
      await run("import asyncio, time\nevent = asyncio.Event()");
      for (const between of ["1", "time.sleep(0.01)", "await asyncio.sleep(0)", "asyncio.run(asyncio.sleep(0))"]) {
        await run("event.clear(); task = asyncio.create_task(event.wait())");
        await run(between);
        const { stderr, value } = await run("event.set()\nawait task");
        assertEquals([between, value, stderr], [between, true, ""]);
      }
    }));

  Deno.test("[wasm/python] tasks take turns in their order, however many turns they take", () =>
    withContext(host, async (run) => {
      const define = "async def step(name):\n  for n in range(200): seen.append((n, name)); await asyncio.sleep(0)";
      const code = `import asyncio\nseen = []\n${define}\nawait asyncio.gather(step(0), step(1))`;
      const { value } = await run(`${code}\nseen == [(n, name) for n in range(200) for name in range(2)]`);
      assertEquals(value, true);
    }));

  Deno.test("[wasm/python] a cell has the variables of the session and an empty stdin, and finds the workspace", () =>
    withContext(host, async (run) => {
      assertEquals((await run("import os, sys\n[os.environ['MINE'], os.getcwd(), sys.stdin.read(), __name__]")).value, [
        "1",
        "/workspace",
        "",
        "__main__",
      ]);
      assertEquals((await run("import subprocess\nsubprocess.run(['true'])")).exitCode, 1);
    }));

  Deno.test("[wasm/python] each cell reports what it was denied itself", () =>
    withContext(host, async (run) => {
      for (let times = 0; times < 2; times++) {
        const { denials } = await run("open('/refused', 'w')");
        assertEquals(denials?.map(({ kind, target }) => [kind, target]), [["write", "/refused"]]);
      }
      assertEquals((await run("1")).denials ?? [], []);
    }));
}
