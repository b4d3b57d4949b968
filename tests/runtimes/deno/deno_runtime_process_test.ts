import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { runProgram } from "../../../src/commands/mod.ts";
import type { ProgramResult } from "../../../src/core/execution.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { NO_PERMISSIONS, type PermissionSettings } from "../../../src/core/permissions/permissions.ts";
import { create as createDenoRuntime } from "../../../src/runtimes/deno/mod.ts";
import type { LoadedRuntime, RuntimeConfig, RuntimeHost } from "../../../src/runtimes/port.ts";
import { delay } from "../../../src/concurrency/delay.ts";
import { configureEnvironment } from "../../support/configure_environment.ts";
import { isPresent, testedAvailability } from "../../support/requirements.ts";
import { runCommand } from "../../support/run_command.ts";
import { openRuntimeHost } from "../../support/runtime_host.ts";
import { slowly } from "../../support/slowly.ts";
import { tarStream } from "../../support/tar.ts";

const host = await openRuntimeHost();
const runtime = createDenoRuntime(host);
Deno.test.afterAll(async () => await host[Symbol.asyncDispose]());

const config = (options?: Partial<RuntimeConfig>) => configureEnvironment("typescript", options);

interface RunOptions {
  readonly language?: string;
  readonly permissions?: Partial<PermissionSettings>;
  readonly files?: Record<string, string>;
  readonly host?: Partial<RuntimeHost>;
}

async function run(code: string, options: RunOptions = {}): Promise<ProgramResult> {
  const chosen = options.host === undefined ? runtime : createDenoRuntime({ ...host, ...options.host });
  const permissions = { ...NO_PERMISSIONS, ...options.permissions };
  await using environment = await chosen.createEnvironment(
    config({ environment: options.language ?? "typescript", permissions }),
  );
  const files = { [environment.mainFile()]: code, ...options.files };
  for (const [path, text] of Object.entries(files)) await environment.files.write(path, new TextEncoder().encode(text));
  return await runProgram(environment, { kind: "file", path: environment.mainFile(), args: [] }, {
    limits: DEFAULT_LIMITS,
  });
}

if (isPresent("deno", await testedAvailability(runtime))) testDeno(runtime);

function testDeno(runtime: LoadedRuntime): void {
  Deno.test("DenoRuntime is available when Deno is installed", async () => {
    assertEquals(await testedAvailability(runtime), { available: true });
  });

  Deno.test("DenoRuntime creates an environment", async () => {
    await using environment = await runtime.createEnvironment(config());
    assertMatch(environment.id, /^env_[0-9a-f]{32}$/);
    assertEquals([environment.language, environment.warm], ["typescript", false]);
  });

  Deno.test("DenoRuntime executes TypeScript", async () => {
    const { stdout, exitCode } = await run(
      "enum Answer { Yes = 42 }\nconst answer: number = Answer.Yes;\nconsole.log(await Promise.resolve(answer));",
    );
    assertEquals([stdout, exitCode], ["42\n", 0]);
  });

  Deno.test("DenoRuntime keeps file-system state between write and read", async () => {
    await using environment = await runtime.createEnvironment(config());
    await runCommand(environment, { type: "write_file", path: "state.txt", content: "1" }, { limits: DEFAULT_LIMITS });
    await runCommand(environment, {
      type: "execute_code",
      code: 'Deno.writeTextFileSync("state.txt", "2", { append: true })',
    }, { limits: DEFAULT_LIMITS });
    const read = await runCommand(environment, { type: "read_file", path: "state.txt" }, { limits: DEFAULT_LIMITS });
    assertEquals((read as { content: string }).content, "12");
  });

  Deno.test("DenoRuntime uses a given workspace and leaves it in place", async () => {
    const workspaceDirectory = await Deno.makeTempDir();
    {
      await using environment = await runtime.createEnvironment(config({ workspaceDirectory }));
      await environment.files.write("kept.txt", new TextEncoder().encode("kept"));
    }
    assertEquals(await Deno.readTextFile(`${workspaceDirectory}/kept.txt`), "kept");
    await Deno.remove(workspaceDirectory, { recursive: true });
  });

  Deno.test("DenoRuntime removes an environment while files are written in it, and nothing of it stays", async () => {
    const environment = await runtime.createEnvironment(config());
    const entries = Array.from({ length: 2_000 }, (_, index) => ({ name: `d${index % 20}/f${index}`, text: "x" }));
    const unpacking = Promise.allSettled([
      environment.files.unpack(slowly(await tarStream(entries, { pieceBytes: 4_096 }))),
    ]);
    while ((await environment.files.list(".")).children?.length !== 20) await delay(0);
    await environment[Symbol.asyncDispose]();
    assertEquals((await unpacking).map(({ status }) => status), ["rejected"]);
    const left = [...Deno.readDirSync(host.scratchDirectory ?? "")].map(({ name }) => name);
    assertEquals(left.filter((name) => name === environment.id), []);
  });

  Deno.test("DenoRuntime is unavailable, with the reason, where its binary is missing, hangs or is another", async () => {
    const table = {
      "/nope/deno": /denoBinary must name an executable file: current value is "\/nope\/deno"/,
      "nope-deno": /denoBinary must name an executable file: current value is "nope-deno"/,
      "/usr/bin": /denoBinary must name an executable file: current value is "\/usr\/bin"/,
      "/bin/echo": /ended before it was ready \(Deno 2\.9 or a later 2 is needed\)$/,
      "/bin/sleep": /unrecognized option '--preload=[^]*\(Deno 2\.9 or a later 2 is needed\)$/,
    };
    for (const [binary, reason] of Object.entries(table)) {
      await using runtime = createDenoRuntime({ ...host, settings: { deno: { denoBinary: binary } } });
      const answer = await runtime.isAvailable();
      assert(!answer.available, binary);
      assertMatch(answer.reason, reason);
      assertEquals([binary, answer.remedy], [
        binary,
        "name another binary of Deno (--deno-binary), or none to run the service's own",
      ]);
      // A busy machine may have kept the binary from its start.
      assertEquals([binary, answer.retryAfterMs !== undefined], [binary, !reason.source.startsWith("denoBinary")]);
    }
  });

  Deno.test("DenoRuntime is unavailable, with the reason, where a script stands in its binary's place", async () => {
    await using bare = await openRuntimeHost({ without: ["namespaces", "landlock"] });
    const directory = await Deno.makeTempDir();
    const scripts = {
      hangs: ["exec sleep 60", /did not start within \d+ ms/],
      other: ['printf "\\000\\007\\000" >&2; echo 1.46.3', /1\.46\.3/],
      broken: ["echo broken >&2; exit 1", /broken/],
    } as const;
    for (const [name, [script, reason]] of Object.entries(scripts)) {
      const binary = `${directory}/${name}`;
      await Deno.writeTextFile(binary, `#!/bin/sh\n${script}\n`, { mode: 0o700 });
      await using runtime = createDenoRuntime({ ...bare, settings: { deno: { denoBinary: binary } } });
      const answer = await runtime.isAvailable();
      assert(!answer.available, name);
      assertMatch(answer.reason, reason);
    }
    await Deno.remove(directory, { recursive: true });
  });

  Deno.test("DenoRuntime cannot honour allowRun with network, IPv6 hosts and paths that split a list", async () => {
    const refused: Partial<PermissionSettings>[] = [
      { allowRun: true, allowNet: true },
      { allowRun: true, allowNet: ["example.com"] },
      { allowNet: ["[2606:4700::1111]"] },
      { allowRead: ["/a,/etc"] },
    ];
    for (const permissions of refused) {
      assert(
        (await runtime.assess(config({ permissions: { ...NO_PERMISSIONS, ...permissions } }))).cannotHonour !==
          undefined,
      );
    }
    assertEquals((await runtime.assess(config())).cannotHonour, undefined);
  });

  Deno.test("DenoRuntime tells the level and limits that are on", async () => {
    const { isolation } = await runtime.assess(config());
    assertEquals(isolation.level, host.confinement.isSandbox ? 8 : 7);
    assertEquals(isolation.layers, ["permissions", ...host.confinement.layers]);
    assertEquals(isolation.limits.toSorted(), Object.keys(DEFAULT_LIMITS).toSorted());
  });

  Deno.test("DenoRuntime runs JavaScript that uses require as CommonJS, and the rest as modules", async () => {
    const commonJs = 'const { join } = require("node:path"); console.log(join("a", "b"), typeof module);';
    assertEquals((await run(commonJs, { language: "javascript" })).stdout, "a/b object\n");
    assertEquals(
      (await run("console.log(typeof module, this, await 1);", { language: "javascript" })).stdout,
      "undefined undefined 1\n",
    );
  });

  Deno.test("DenoRuntime imports the other files of the workspace", async () => {
    const files = {
      "lib/a.ts": 'import data from "./data.json" with { type: "json" };\nexport const a: number = data.x;',
      "lib/data.json": '{"x": 5}',
    };
    assertEquals((await run('import { a } from "./lib/a.ts"; console.log(a);', { files })).stdout, "5\n");
  });

  Deno.test("DenoRuntime refuses remote imports with a clear message", async () => {
    for (const specifier of ["npm:chalk", "jsr:@std/path", "https://example.com/x.ts"]) {
      const { exitCode, stderr } = await run(`import ${JSON.stringify(specifier)};`);
      assertEquals(exitCode, 1);
      assertMatch(stderr, /--no-npm is specified|--no-remote is specified|Requires import access/);
      assertStringIncludes(stderr, "file:///workspace/main.ts:1:8");
    }
  });

  Deno.test("DenoRuntime reads no configuration that lies in the workspace", async () => {
    const files = {
      "deno.json": '{"imports": {"mapped": "./evil.ts"}, "tasks": {"main.ts": "touch pwned"}}',
      "package.json": '{"type": "commonjs", "dependencies": {"evil": "1"}, "scripts": {"postinstall": "touch pwned"}}',
      ".npmrc": "registry=http://127.0.0.1:1/",
      "node_modules/evil/package.json": '{"name": "evil", "version": "1.0.0", "main": "index.js"}',
      "node_modules/evil/index.js": 'console.log("evil");',
      "evil.ts": 'console.log("evil");',
    };
    for (const specifier of ["mapped", "evil", "npm:evil"]) {
      const { exitCode, stdout } = await run(`import ${JSON.stringify(specifier)};`, { files });
      assertEquals([specifier, exitCode, stdout], [specifier, 1, ""]);
    }
  });

  Deno.test("DenoRuntime gives each environment a cache of its own", async () => {
    await run(
      'localStorage.setItem("key", "secret"); const cache = await caches.open("c"); await cache.put("http://a/", new Response("secret"));',
    );
    const { stdout } = await run(
      'const cache = await caches.open("c"); console.log(localStorage.getItem("key"), await cache.match("http://a/"));',
    );
    assertEquals(stdout, "null undefined\n");
  });

  Deno.test("DenoRuntime reaches exactly the network that was granted", async () => {
    const hits: string[] = [];
    await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
      hits.push(new URL(request.url).pathname);
      return new Response('console.log("loaded");', { headers: { "content-type": "text/javascript" } });
    });
    const { port } = server.addr;
    const open = { host: { openNetworks: ["127.0.0.1/32"] } };
    const get = (path: string) => `console.log(await (await fetch("http://127.0.0.1:${port}/${path}")).text());`;
    assertStringIncludes(
      (await run(get("granted"), { ...open, permissions: { allowNet: [`127.0.0.1:${port}`] } })).stdout,
      "loaded",
    );
    assertStringIncludes((await run(get("all"), { ...open, permissions: { allowNet: true } })).stdout, "loaded");
    assertEquals(
      (await run(`import "http://127.0.0.1:${port}/module.js";`, {
        ...open,
        permissions: { allowNet: [`127.0.0.1:${port}`] },
      })).stdout,
      "loaded\n",
    );
    assertEquals((await run(get("other"), { ...open, permissions: { allowNet: ["127.0.0.1:1"] } })).exitCode, 1);
    assertEquals((await run(get("none"), open)).exitCode, 1);
    assertEquals((await run(get("private"), { permissions: { allowNet: true } })).exitCode, 1);
    assertEquals(
      (await run(get("name").replace("127.0.0.1", "localhost"), { permissions: { allowNet: true } })).exitCode,
      1,
    );
    assertEquals(
      (await run(`import "http://localhost:${port}/closed.js";`, { permissions: { allowNet: true } })).exitCode,
      1,
    );
    assertEquals(hits, ["/granted", "/all", "/module.js"]);
  });

  Deno.test("DenoRuntime lets a program with network open no IPv6 connection, to this machine's own addresses neither", async () => {
    const addresses = Deno.networkInterfaces().filter(({ family }) => family === "IPv6").map(({ address }) => address);
    using listener = Deno.listen({ hostname: "::", port: 0 });
    const accepted = listener.accept().then((connection) => (connection.close(), "accepted"), () => "closed");
    const code = `for (const hostname of ${JSON.stringify(addresses)}) {
      await Deno.connect({ hostname, port: ${listener.addr.port} }).then(() => console.log("connected"), () => console.log("refused"));
    }`;
    const { stdout } = await run(code, { permissions: { allowNet: true } });
    assertEquals(stdout, "refused\n".repeat(addresses.length));
    listener.close();
    assertEquals(await accepted, "closed");
  });

  Deno.test("DenoRuntime lets a program read and set the variables it was granted, and sees no others", async () => {
    const code =
      'Deno.env.set("GRANTED", "set"); console.log(Deno.env.get("GRANTED"), Deno.env.get("DENO_DIR"), process.env.PATH);';
    assertEquals((await run(code, { permissions: { allowEnv: ["GRANTED"] } })).stdout, "set undefined undefined\n");
  });

  Deno.test("DenoRuntime runs deno eval and deno run in the environment, with its permissions", async () => {
    await using environment = await runtime.createEnvironment(config());
    const shell = (args: readonly string[], more: Record<string, unknown> = {}) =>
      runCommand(environment, { type: "shell", command: "deno", args, ...more }, { limits: DEFAULT_LIMITS }) as Promise<
        ProgramResult
      >;
    const evaluated = await shell(["eval", "const x: number = 1; console.log(x, Deno.args, Deno.env.get('A'))", "y"], {
      env: { A: "b" },
    });
    assertEquals([evaluated.stdout, evaluated.exitCode], ['1 [ "y" ] b\n', 0]);
    assertEquals((await shell(["eval", "Deno.readTextFileSync('/etc/passwd')"])).exitCode, 1);
    await runCommand(environment, {
      type: "write_file",
      path: "sub/cwd.ts",
      content: "console.log(Deno.cwd().split('/').at(-1))",
    }, { limits: DEFAULT_LIMITS });
    assertEquals((await shell(["run", "cwd.ts"], { workingDirectory: "sub" })).stdout, "sub\n");
    assertEquals((await shell(["run", "sub/cwd.ts"])).stdout, "workspace\n");
    const left = await runCommand(environment, { type: "list_directory", includeHidden: true }, {
      limits: DEFAULT_LIMITS,
    });
    assertEquals((left as { tree: { children: { name: string }[] } }).tree.children.map(({ name }) => name), ["sub"]);
  });

  Deno.test("DenoRuntime tells V8's heap limit as memory_limit", async () => {
    const { outcome, stderr } = await run(
      "const kept: unknown[] = []; for (;;) kept.push(Array.from({ length: 1000 }, () => ({})));",
    );
    assertEquals(outcome.kind, "memory_limit");
    assert(!stderr.includes(Deno.execPath()), stderr);
  });
}
