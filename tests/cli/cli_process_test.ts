import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type CliResult, runAlone, runCommandLine, runHere, startUnread } from "../support/cli.ts";
import { create as createDenoRuntime } from "../../src/runtimes/deno/mod.ts";
import { isPresent, testedAvailability } from "../support/requirements.ts";
import { DENO_ALONE, NOTHING_RUNS } from "../support/variables.ts";
import { openRuntimeHost } from "../support/runtime_host.ts";

/** Runs a program from a file, by the command line in this process. */
async function runProgram(code: string, flags: readonly string[] = []): Promise<CliResult> {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(file, code);
  try {
    return await runAlone(["run", ...flags, file], { env: DENO_ALONE });
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("codebeaker without arguments, and with --help, says what it can do", async () => {
  for (const args of [[], ["--help"], ["help"]]) {
    const { code, stdout, stderr } = await runHere(args);
    assertEquals([args, code], [args, 0]);
    for (const command of ["serve", "run", "runtimes"]) assertStringIncludes(stdout + stderr, command);
  }
  const { stdout } = await runHere(["help", "serve"]);
  for (const text of ["--max-concurrent", "CODEBEAKER_MAX_CONCURRENT", "default: 8000"]) {
    assertStringIncludes(stdout, text);
  }
});

Deno.test("codebeaker names the nearest of an unknown command or flag, and exits with 2", async () => {
  const unknown: [string[], string][] = [
    [["serv"], "serve"],
    [["serve", "--prot", "1"], "--port"],
    [["executions", "lst"], "list"],
    [["run", "--preference", "fast", "-"], "preference"],
    [["run", "--timeout", "abc", "-"], "--timeout"],
    [["run", "/nope.ts"], "/nope.ts"],
    [["run", "/etc/os-release.cobol"], "--language"],
  ];
  for (const [args, hint] of unknown) {
    const { code, stdout, stderr } = await runHere(args);
    assertEquals([args, code, stdout], [args, 2, ""]);
    assertStringIncludes(stderr, hint);
  }
});

Deno.test("codebeaker names an invalid setting as it was given, and exits with 2", async () => {
  const off: [string[], Record<string, string>, string][] = [
    [["runtimes"], { CODEBEAKER_SCRATCH: "relative" }, "CODEBEAKER_SCRATCH"],
    [["runtimes", "--scratch", "relative"], {}, "--scratch"],
  ];
  for (const [args, env, hint] of off) {
    const { code, stderr } = await runAlone(args, { env });
    assertEquals([args, code], [args, 2]);
    assertStringIncludes(stderr, hint);
  }
});

Deno.test("codebeaker serve refuses a host that others reach while there is no key, and exits with 2", async () => {
  const { code, stderr } = await runCommandLine(["serve", "--host", "0.0.0.0"], { env: NOTHING_RUNS });
  assertEquals(code, 2);
  assertStringIncludes(stderr, "loopback");
});

await using host = await openRuntimeHost();
if (isPresent("deno", await testedAvailability(createDenoRuntime(host)))) {
  Deno.test("codebeaker run passes stdin, arguments, output and the exit code", async () => {
    const code =
      "const name = await new Response(Deno.stdin.readable).text(); console.log(`hi ${name}`); console.error(Deno.args.join()); Deno.exit(7);";
    const file = await Deno.makeTempFile({ suffix: ".ts" });
    await Deno.writeTextFile(file, code);
    assertEquals(await runCommandLine(["run", file, "-x", "--explain"], { env: DENO_ALONE, stdin: "you" }), {
      code: 7,
      stdout: "hi you\n",
      stderr: "-x,--explain\n",
    });
    await Deno.remove(file);
  });

  Deno.test("codebeaker run - reads the program from standard input", async () => {
    assertEquals(await runAlone(["run", "-"], { env: DENO_ALONE, stdin: "console.log(1 as number)" }), {
      code: 0,
      stdout: "1\n",
      stderr: "",
    });
  });

  Deno.test("codebeaker run ends a program at its --timeout with 124, like timeout(1)", async () => {
    const { code, stdout, stderr } = await runProgram('console.log("begun"); for (;;);', ["--timeout", "2000"]);
    assertEquals([code, stdout], [124, "begun\n"]);
    assertStringIncludes(stderr, "timed_out");
  });

  Deno.test("codebeaker run reads a program by its own ending", async () => {
    const directory = await Deno.makeTempDir();
    const programs = {
      "a.cjs": "console.log(typeof module)",
      "b.mts": "console.log(1 as number)",
      "c.mjs": "console.log(import.meta.url.endsWith('/c.mjs'))",
    };
    const printed: string[] = [];
    for (const [name, code] of Object.entries(programs)) {
      await Deno.writeTextFile(`${directory}/${name}`, code);
      printed.push((await runAlone(["run", `${directory}/${name}`], { env: DENO_ALONE })).stdout);
    }
    assertEquals(printed, ["object\n", "1\n", "true\n"]);
    await Deno.remove(directory, { recursive: true });
  });

  Deno.test("codebeaker run exits as a shell would for a signal, also before its program has begun", async () => {
    for (const delayMs of [60, 400]) {
      const scratch = await Deno.makeTempDir();
      const args = ["run", "--scratch", scratch, "-e", "setInterval(() => {}, 1000);"];
      const { child, errors } = await startUnread(args, DENO_ALONE);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      child.kill("SIGTERM");
      const [stderr, { code }] = await Promise.all([errors, child.status]);
      assertEquals([code, stderr], [143, ""]);
      assertEquals(await Array.fromAsync(Deno.readDir(scratch)), []);
      await Deno.remove(scratch);
    }
  });

  Deno.test("codebeaker run --explain prints the selection, and the floor holds", async () => {
    const { code, stdout, stderr } = await runProgram("console.log(1)", [
      "--explain",
      "--runtime",
      "deno",
      "--preference",
      "speed",
      "--min-isolation",
      "7",
    ]);
    assertEquals([code, stdout], [0, "1\n"]);
    assertMatch(stderr, /Chosen: deno \(preference speed, isolation floor 7\)/);
    assertMatch(stderr, /80 ms, 30 MB, isolation [78] \(declared\)/);
    const refused = await runProgram("console.log(1)", ["--min-isolation", "10"]);
    assertEquals([refused.code, refused.stdout], [1, ""]);
    assertStringIncludes(refused.stderr, "below the floor 10");
  });

  Deno.test("codebeaker run --allow-net grants the network that it names", async () => {
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      () => new Response("reached"),
    );
    const code = `console.log(await (await fetch("http://127.0.0.1:${server.addr.port}")).text());`;
    const granted = await runProgram(code, [
      "--open-networks",
      "127.0.0.1",
      `--allow-net=127.0.0.1:${server.addr.port}`,
    ]);
    assertEquals([granted.code, granted.stdout], [0, "reached\n"]);
    assertEquals((await runProgram(code)).code, 1);
    assertEquals((await runProgram(code, ["--allow-net=127.0.0.1"])).code, 1);
  });

  Deno.test("codebeaker runtimes prints a table", async () => {
    const { code, stdout } = await runAlone(["runtimes"]);
    assertEquals(code, 0);
    assertMatch(
      stdout,
      /^RUNTIME +AVAILABLE +ISOLATION +STARTUP +MEMORY +LANGUAGES\ndeno +yes +[78] +80 ms +30 MB +typescript, javascript, deno\n/,
    );
  });
}
