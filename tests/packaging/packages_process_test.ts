import { assert, assertEquals, assertMatch } from "@std/assert";
import { dirname, join, toFileUrl } from "@std/path";
import { parse } from "acorn";
import project from "../../deno.json" with { type: "json" };
import { compileBundle } from "../../packaging/compile.ts";
import { connectStdio } from "../server/mcp/clients.ts";
import { ApiClient } from "../support/api_client.ts";
import { findNode, nodeAvailability } from "../support/find_node.ts";
import { plantSelfTests } from "../support/kept_self_tests.ts";
import { openNpmPackage } from "../support/npm_package.ts";
import { isPresent } from "../support/requirements.ts";
import { PROJECT, type ServiceProcess, startServiceProcess } from "../support/service_process.ts";
import { until } from "../support/until.ts";
import { NOTHING_RUNS, WITHOUT_DOCKER } from "../support/variables.ts";
import { checkService } from "./check_service.ts";

const NODES = [20, 24];

/** An import of a text file, at the start or later. */
const TEXT_IMPORT = /import(?: \w+ from |\()"([^"]+)",? (?:\{ )?with(?: |: )\{ type: "text" \}/g;

const directory = await Deno.makeTempDir();
globalThis.addEventListener("unload", () => Deno.removeSync(directory, { recursive: true }));
const { binaries, empty, installed, made, npmVariables, npxCommand, packed, variablesFor } = await openNpmPackage(
  directory,
);

/** Every text of a module, as its own code sees it. */
function textsOf(module: string): string[] {
  const texts: string[] = [];
  parse(module, {
    ecmaVersion: "latest",
    sourceType: "module",
    onToken: (token) => {
      const { label } = token.type;
      if ((label === "string" || label === "template") && "value" in token) texts.push(String(token.value));
    },
  });
  return texts;
}

async function* filesBelow(directory: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    if (isDirectory) yield* filesBelow(join(directory, name));
    else yield join(directory, name);
  }
}

if (isPresent("npm", packed) && made !== undefined) {
  const { bundle } = made;
  Deno.test("bundleService() has every text file that the source imports, unchanged", async () => {
    const texts = new Set<string>();
    for await (const path of filesBelow(bundle.directory)) {
      if (path.endsWith(".js")) textsOf(await Deno.readTextFile(path)).forEach((text) => texts.add(text));
    }
    const extensions = new Set<string>();
    for await (const path of filesBelow(join(PROJECT, "src"))) {
      if (!path.endsWith(".ts")) continue;
      const source = await Deno.readTextFile(path);
      for (const [, specifier = ""] of source.matchAll(TEXT_IMPORT)) {
        const address = new URL(
          specifier.startsWith(".") ? specifier : import.meta.resolve(specifier),
          toFileUrl(path),
        );
        const { default: text } = await import(address.href, { with: { type: "text" } });
        assert(texts.has(text), `${specifier} of ${path} is missing`);
        extensions.add(specifier.split(".").at(-1) ?? "");
      }
    }
    for (const extension of ["sh", "py", "cjs", "js", "rb", "php", "lua", "R", "java", "pm", "html", "css"]) {
      assert(extensions.has(extension), `no file of ${extension} was compared`);
    }
  });

  Deno.test("bundleService() names packages by their version, and says the licence of each", async () => {
    const licences = await Deno.readTextFile(join(bundle.directory, "THIRD_PARTY_LICENSES.txt"));
    const named = new Set<string>();
    for await (const path of filesBelow(bundle.directory)) {
      const text = await Deno.readTextFile(path);
      assert(!/^\/\/ \.\.\//m.test(text), `${path} names a directory of this machine`);
      for (const [, name, version] of text.matchAll(/npm:((?:@[\w-]+\/)?[\w.-]+)@(\d[\w.-]*)\//g)) {
        named.add(`${name} ${version}`);
      }
    }
    assert(named.size > 50);
    for (const name of named) assert(licences.includes(`${name}\n`) || licences.includes(`${name}: `), name);
  });

  Deno.test("compileBundle() embeds every file of the bundle, unchanged", async () => {
    const output = join(directory, "compiled");
    // The runtime that a user's Deno fetches may be out of reach: this Deno takes its place, and then is what runs.
    const runtime = Deno.execPath();
    await compileBundle(bundle, output, { DENORT_BIN: runtime });
    const decoder = new TextDecoder("latin1");
    const embedded = decoder.decode((await Deno.readFile(output)).subarray((await Deno.stat(runtime)).size));
    for await (const path of filesBelow(bundle.directory)) {
      assert(embedded.includes(decoder.decode(await Deno.readFile(path))), `${path} is missing`);
    }
  });
}

Deno.test("deno publish accepts the service's own package", async () => {
  const { success, stderr, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["publish", "--dry-run", "--no-check", "--allow-dirty"],
    cwd: PROJECT,
    env: { NO_COLOR: "1" },
  }).output();
  const text = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
  assert(success, text);
  for (
    const path of [
      "main.ts",
      "deno.json",
      "src/runtimes/interpreters/python/cells.py",
      "src/runtimes/docker/program/launch.sh",
    ]
  ) {
    assert(text.includes(`${PROJECT}${path} `), `${path} is missing in:\n${text}`);
  }
  assert(!text.includes(`${PROJECT}tests/`));
});

if (packed.available && isPresent("npm_registry", installed)) {
  let count = 0;
  for (const major of NODES) {
    const node = await findNode(major);
    if (!isPresent(`node${major}`, nodeAvailability(major, node)) || node === undefined) continue;
    // Each Node passes a signal and a program's exit code on; the service and its end are the same on each.
    const isFirst = count++ === 0;

    Deno.test(`npx codebeaker serve [Node ${major}] serves from an empty folder without a registry, and ends with npx`, async () => {
      await using service = await startServiceProcess([], variablesFor(node), {
        command: npxCommand("serve"),
        cwd: empty,
      });
      const ran = isFirst ? await checkService(service) : await runOne(service);
      assert(ran.includes("typescript"));
      service.process.kill("SIGTERM");
      await until(() => hasEnded(service.url), "the service has ended");
      assertEquals(await Array.fromAsync(Deno.readDir(empty)), []);
    });

    Deno.test(`codebeaker run [Node ${major}] exits as the program does`, async () => {
      const [bin = ""] = await binaries();
      const { code, stdout } = await new Deno.Command(node, {
        args: [bin, "run", "-e", "console.log(42); Deno.exit(3);"],
        cwd: empty,
        clearEnv: true,
        env: { ...variablesFor(node), ...WITHOUT_DOCKER, CODEBEAKER_HOME: join(directory, `home-${major}`) },
      }).output();
      assertEquals({ code, stdout: new TextDecoder().decode(stdout) }, { code: 3, stdout: "42\n" });
    });

    if (!isFirst) continue;
    Deno.test({
      name: `npx codebeaker mcp [Node ${major}] runs an agent's program by stdio`,
      sanitizeOps: false, // The SDK's transport leaves timers behind that it has made for the end of its child.
      sanitizeResources: false,
      async fn() {
        const home = join(directory, "home-mcp");
        await plantSelfTests(home);
        const [command = "", ...args] = npxCommand("mcp");
        const env = { ...variablesFor(node), ...WITHOUT_DOCKER, CODEBEAKER_HOME: home };
        await using client = await connectStdio({ command, args, env, cwd: empty }, "auto");
        const { tools } = await client.sdk.listTools();
        assertEquals(tools.length, 6);
        const { content } = await client.call("run_code", { language: "typescript", code: "console.log(6 * 7)" });
        assertEquals(content, [{ type: "text", text: "42" }]);
      },
    });

    Deno.test(`codebeaker serve [Node ${major}] ends at SIGTERM and exits with 0`, async () => {
      const [bin = ""] = await binaries();
      await using service = await startServiceProcess([], {
        ...variablesFor(node),
        ...NOTHING_RUNS,
        PATH: dirname(node),
      }, {
        command: [node, bin, "serve"],
        cwd: empty,
        mayLackRuntimes: true,
      });
      service.process.kill("SIGTERM");
      assertEquals((await service.process.status).code, 0);
    });

    Deno.test(`npx codebeaker serve [Node ${major}] ends with npx that is killed`, async () => {
      await using service = await startServiceProcess([], {
        ...variablesFor(node),
        ...NOTHING_RUNS,
        PATH: `${dirname(node)}:/usr/bin:/bin`,
      }, {
        command: npxCommand("serve"),
        cwd: empty,
        mayLackRuntimes: true,
      });
      service.process.kill("SIGKILL");
      await until(() => hasEnded(service.url), "the service has ended");
    });
  }

  Deno.test("the npm package depends on one version of Deno, and its command states its own version", async () => {
    const [bin = ""] = await binaries();
    const { dependencies, version } = JSON.parse(await Deno.readTextFile(join(bin, "../../codebeaker/package.json")));
    assertEquals({ dependencies, version }, { dependencies: { deno: Deno.version.deno }, version: project.version });
    const { stdout } = await new Deno.Command(bin, { args: ["--version"], env: npmVariables }).output();
    assertMatch(new TextDecoder().decode(stdout), new RegExp(`^${project.version.replaceAll(".", "\\.")}$`, "m"));
  });
}

/** Runs a program; returns its language. */
async function runOne(service: ServiceProcess): Promise<string[]> {
  const language = "typescript";
  const { stdout } = await new ApiClient(service).json("POST", "/v1/executions", { language, code: "console.log(42)" });
  assertEquals(stdout, "42\n");
  return [language];
}

async function hasEnded(url: string): Promise<boolean> {
  try {
    await (await fetch(`${url}/health/live`)).body?.cancel();
    return false;
  } catch {
    return true;
  }
}
