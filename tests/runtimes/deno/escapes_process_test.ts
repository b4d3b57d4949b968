import { assert, assertEquals, assertRejects } from "@std/assert";
import { runProgram } from "../../../src/commands/mod.ts";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import type { ProgramResult } from "../../../src/core/execution.ts";
import { DEFAULT_LIMITS, filesFor } from "../../../src/core/limits.ts";
import { NO_PERMISSIONS, type PermissionSettings } from "../../../src/core/permissions/permissions.ts";
import { create as createDenoRuntime } from "../../../src/runtimes/deno/mod.ts";
import type { ExecutionEnvironment } from "../../../src/runtimes/port.ts";
import { configureEnvironment } from "../../support/configure_environment.ts";
import { plantSelfTests } from "../../support/kept_self_tests.ts";
import { isPresent, testedAvailability } from "../../support/requirements.ts";
import { runCommand } from "../../support/run_command.ts";
import { COMMAND_LINE } from "../../support/service_process.ts";
import { CHILD_SETTINGS, withoutProjectVariables } from "../../support/variables.ts";
import { openRuntimeHost } from "../../support/runtime_host.ts";

// Each is a way out, or a way to take the service down, that has to stay closed.

const host = await openRuntimeHost({ openNetworks: ["127.0.0.1/32"] });
const runtime = createDenoRuntime(host);
Deno.test.afterAll(async () => await host[Symbol.asyncDispose]());

interface Attack {
  readonly code: string;
  readonly files?: Record<string, string>;
  readonly permissions?: Partial<PermissionSettings>;
  readonly language?: string;
  before?(environment: ExecutionEnvironment): Promise<void>;
}

async function attack(
  { code, files = {}, permissions = {}, language = "typescript", before }: Attack,
): Promise<ProgramResult> {
  await using environment = await runtime.createEnvironment(
    configureEnvironment(language, { permissions: { ...NO_PERMISSIONS, ...permissions } }),
  );
  const all = { ...files, [environment.mainFile()]: code };
  for (const [path, text] of Object.entries(all)) await environment.files.write(path, new TextEncoder().encode(text));
  await before?.(environment);
  return await runProgram(environment, { kind: "file", path: environment.mainFile(), args: [] }, {
    limits: DEFAULT_LIMITS,
  });
}

/** Makes directories so many levels deep, by putting each finished one into the next: no path is ever long. */
function makeDeepTree(levels: number): string {
  return `
  Deno.mkdirSync("top");
  for (let level = 0; level < ${levels}; level++) {
    Deno.mkdirSync("next");
    Deno.renameSync("top", "next/d");
    Deno.renameSync("next", "top");
  }
  console.log("built");`;
}

if (isPresent("deno", await testedAvailability(runtime))) {
  Deno.test("a program gets no WebGPU, whose drivers are native code from wherever it says", async () => {
    const manifest = JSON.stringify({
      file_format_version: "1.0.0",
      ICD: { library_path: "./evil.so", api_version: "1.3.0" },
    });
    const { stdout } = await attack({
      files: { ".local/share/vulkan/icd.d/evil.json": manifest, "evil.so": "no library" },
      code: "console.log(await navigator.gpu.requestAdapter());",
    });
    assertEquals(stdout, "null\n");
  });

  Deno.test("a registry that a program plants is not asked", async () => {
    const hits: string[] = [];
    await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
      hits.push(request.url);
      return new Response("{}");
    });
    const registry = `registry=http://127.0.0.1:${server.addr.port}/\n`;
    const code = 'await import("npm:no-such-package-" + Date.now()).catch((error) => console.log(error.message));';
    for (const allowNet of [true, ["registry.npmjs.org"]]) {
      await attack({ files: { ".npmrc": registry, "sub/.npmrc": registry }, permissions: { allowNet }, code });
    }
    assertEquals(hits, []);
  });

  Deno.test("a program with network reaches no abstract socket", async () => {
    const name = `\0codebeaker-test-${crypto.randomUUID()}`;
    using listener = Deno.listen({ transport: "unix", path: name });
    const accepted = listener.accept().then((connection) => (connection.close(), "accepted"), () => "closed");
    const code = `await Deno.connect({ transport: "unix", path: ${
      JSON.stringify(name)
    } }).then(() => console.log("connected"), () => console.log("refused"));`;
    assertEquals((await attack({ permissions: { allowNet: true }, code })).stdout, "refused\n");
    listener.close();
    assertEquals(await accepted, "closed");
  });

  Deno.test("a tree of more directories than may lie in a workspace ends the program that makes it", async () => {
    const { outcome, stdout } = await attack({ code: makeDeepTree(2 * filesFor(DEFAULT_LIMITS.diskMb)) });
    assertEquals(outcome.kind, "disk_limit");
    if (host.confinement.layers.includes("tmpfs")) assertEquals(stdout, ""); // Else a look takes longer than making it does.
    assert(outcome.kind === "disk_limit" && (outcome.observedFiles ?? 0) > (outcome.limitFiles ?? Infinity));
  });

  Deno.test("a tree too deep for any recursion is refused by commands, and removed", async () => {
    const limits = DEFAULT_LIMITS;
    await using environment = await runtime.createEnvironment(configureEnvironment("typescript"));
    const command = (value: unknown) => runCommand(environment, value, { limits });
    assertEquals(
      (await command({ type: "execute_code", code: makeDeepTree(15_000) }) as ProgramResult).stdout,
      "built\n",
    );
    for (const refused of [{ type: "list_directory" }, { type: "copy_file", source: "top", destination: "copy" }]) {
      assertEquals((await assertRejects(() => command(refused), CodeBeakerError)).code, "too_large");
    }
    await command({ type: "delete_file", path: "top", recursive: true });
    await command({ type: "delete_file", path: "copy", recursive: true });
    const { tree } = await command({ type: "list_directory" }) as { tree: { children: { name: string }[] } };
    assertEquals(tree.children.map(({ name }) => name), ["main.ts"]);
  });

  Deno.test("deno run follows no symlink out of the workspace", async () => {
    const outside = await Deno.makeTempFile({ suffix: ".ts" });
    await Deno.writeTextFile(outside, 'console.log("outside");');
    const workspaceDirectory = await Deno.makeTempDir();
    await Deno.symlink(outside, `${workspaceDirectory}/link.ts`);
    {
      await using environment = await runtime.createEnvironment(
        configureEnvironment("typescript", { workspaceDirectory }),
      );
      const run = () =>
        runCommand(environment, { type: "shell", command: "deno", args: ["run", "link.ts"] }, {
          limits: DEFAULT_LIMITS,
        });
      assertEquals((await assertRejects(run, CodeBeakerError)).code, "permission_denied");
    }
    for (const path of [outside, workspaceDirectory]) await Deno.remove(path, { recursive: true });
  });

  Deno.test("a program writes to no descriptor that the service inherited", async () => {
    const directory = await Deno.makeTempDir();
    const code = `import * as net from "node:net";
      const socket = new net.Socket({ fd: 9 }); socket.on("error", () => {}); socket.write("escaped"); setTimeout(() => Deno.exit(0), 200);`;
    await Deno.writeTextFile(`${directory}/main.ts`, code);
    await plantSelfTests(CHILD_SETTINGS.CODEBEAKER_HOME);
    const script = `exec 9> >(cat > "${directory}/out"); "$0" "$@"; exec 9>&-; sleep 0.2`;
    await new Deno.Command("bash", {
      args: ["-c", script, ...COMMAND_LINE, "run", `${directory}/main.ts`],
      clearEnv: true,
      env: withoutProjectVariables(),
      stdout: "null",
      stderr: "null",
    }).output();
    assertEquals(await Deno.readTextFile(`${directory}/out`), "");
    await Deno.remove(directory, { recursive: true });
  });

  Deno.test("a list pattern that would take for ever is answered at once", async () => {
    const { children } = await listWith("a".repeat(60) + "c", "*a".repeat(60) + "b");
    assertEquals(children, []);
  });

  Deno.test("honest programs find what they expect: a load event, temporary files, require.main", async () => {
    const load = await attack({ code: 'addEventListener("load", () => console.log("loaded")); await 1;' });
    assertEquals([load.stdout, load.stderr], ["loaded\n", ""]);
    const temporary =
      'const path = Deno.makeTempFileSync(); Deno.writeTextFileSync(path, "x"); import { tmpdir } from "node:os"; console.log(path.startsWith(tmpdir()));';
    assertEquals((await attack({ code: temporary })).stdout, "true\n");
    const main = await attack({
      language: "javascript",
      code: "module.exports = {}; console.log(typeof require.main);",
    });
    assertEquals(main.stdout, "object\n");
    const unload = await attack({
      code: 'addEventListener("unload", () => console.log("bye")); process.on("exit", (code) => console.log(code));',
    });
    assertEquals(unload.stdout, "bye\n0\n");
  });
}

async function listWith(name: string, pattern: string): Promise<{ children: unknown[] }> {
  await using environment = await runtime.createEnvironment(configureEnvironment("typescript"));
  await environment.files.write(name, new Uint8Array());
  const { tree } = await runCommand(environment, { type: "list_directory", pattern }, { limits: DEFAULT_LIMITS }) as {
    tree: { children: unknown[] };
  };
  assert(tree !== undefined);
  return tree;
}
