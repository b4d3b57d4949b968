import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { runProgram } from "../../../../src/commands/mod.ts";
import { CodeBeakerError } from "../../../../src/core/errors.ts";
import type { ProgramResult } from "../../../../src/core/execution.ts";
import { DEFAULT_LIMITS, type Limits } from "../../../../src/core/limits.ts";
import { ENVIRONMENTS } from "../../../../src/runtimes/docker/images/environments.ts";
import { create } from "../../../../src/runtimes/docker/mod.ts";
import type { ExecutionEnvironment } from "../../../../src/runtimes/port.ts";
import {
  configFor,
  containersOf,
  DOCKER_HOST,
  dockerAvailability,
  openDocker,
  openEngine,
  runCode,
} from "../../../support/docker.ts";
import { isPresent } from "../../../support/requirements.ts";
import { openRuntime } from "../../../support/runtime_host.ts";
import { hasNetworkNamespaces, openTestHost } from "../../../support/test_host.ts";
import { until } from "../../../support/until.ts";
import { writePackageIndex } from "../../../support/package_index.ts";

/** The network of the package index, which the operator opens. */
const NETWORK = "10.213.74";
const URL_OF_INDEX = `http://${NETWORK}.2:8080`;
const LIMITS: Limits = { ...DEFAULT_LIMITS, timeoutMs: 60_000, cpuMs: 60_000, memoryMb: 128 };

/** The built-in installer, with an index of the test's own. */
function installFrom(path: string): string[] {
  const [pip = "", verb = "", ...rest] = ENVIRONMENTS["python"]?.install ?? [];
  const options = ["--index-url", `${URL_OF_INDEX}/${path}/`, "--trusted-host", `${NETWORK}.2`, "--retries", "0"];
  return [pip, verb, ...options, ...rest];
}

/** The image that the built-in name stands for here. */
async function imageOf(language: string): Promise<string> {
  await using docker = await openDocker();
  await using _environment = await docker.runtime.createEnvironment(configFor(language));
  return (await docker.containers())[0]?.Image ?? "";
}

function install(
  environment: ExecutionEnvironment,
  packages: readonly string[],
  options: { readonly signal?: AbortSignal; readonly limits?: Limits } = {},
): Promise<ProgramResult> {
  return runProgram(environment, { kind: "install", packages }, { limits: LIMITS, ...options });
}

if (isPresent("docker", await dockerAvailability("python", "bash"))) {
  const python = await imageOf("python");
  const bash = await imageOf("bash");
  const settings = {
    dockerHost: DOCKER_HOST,
    dockerPull: "never",
    dockerEnvironments: {
      python: { image: python, install: installFrom("simple") },
      python_never: { image: python, file: "main.py", run: ["python3", "{file}"], install: installFrom("never") },
      bare: { image: bash, file: "main.sh", run: ["bash", "{file}"], install: ["no-such-tool", "{packages}"] },
      sneaky: {
        image: bash,
        file: "main.sh",
        run: ["bash", "{file}"],
        install: [
          "bash",
          "-c",
          'env; id -u; mkdir made; ln -s /etc/passwd made/link; echo mine >main.sh; echo new >"$1.txt"; sleep 1000 & :',
          "install",
          "{packages}",
        ],
      },
    },
  };
  const { host, runtime } = await openRuntime(create, {
    openNetworks: [`${NETWORK}.0/24`],
    settings: { docker: settings },
  });
  const engine = openEngine();
  const containers = () => containersOf(engine, host.instance?.id ?? "");
  const open = (language: string, options: Parameters<typeof configFor>[1] = {}) =>
    runtime.createEnvironment(configFor(language, { resourceLimits: LIMITS, ...options }));

  Deno.test("[docker] packages of a language that has no installer are refused, and the languages that have are named", async () => {
    await using docker = await openDocker();
    await using environment = await docker.runtime.createEnvironment(configFor("bash"));
    const error = await assertRejects(() => install(environment, ["a"]), CodeBeakerError);
    assertEquals(error.code, "permission_denied");
    assertStringIncludes(error.message, "(python, javascript, typescript, node)");
  });

  Deno.test("[docker] what names no package is refused before anything is begun", async () => {
    await using environment = await open("python");
    const error = await assertRejects(() => install(environment, ["--pre"]), CodeBeakerError);
    assertEquals(error.code, "invalid_request");
    assertEquals((await containers()).length, 1);
  });

  Deno.test("[docker] packages are refused where no network can be kept private, with the reason", async () => {
    await using engineElsewhere = openRelay();
    await using docker = await openDocker({ ...settings, dockerHost: `tcp://127.0.0.1:${engineElsewhere.port}` });
    await using environment = await docker.runtime.createEnvironment(configFor("python"));
    const error = await assertRejects(() => install(environment, ["tiny"]), CodeBeakerError);
    assertEquals(error.code, "permission_denied", error.message);
    assertStringIncludes(error.message, "the Docker Engine is on another host");
    assertEquals((await docker.containers()).length, 1);
  });

  const { cannotHonour } = await runtime.assess(
    configFor("python", { permissions: { ...configFor("python").permissions, allowNet: true } }),
  );
  if (
    isPresent(
      "packet_filter",
      cannotHonour === undefined ? { available: true } : { available: false, reason: cannotHonour },
    ) &&
    isPresent("network_namespaces", await hasNetworkNamespaces())
  ) {
    const directory = await Deno.makeTempDir();
    {
      await using maker = await open("python");
      await writePackageIndex(directory, {
        python: maker,
        distributions: [
          { name: "tiny", version: "1.0", source: "VALUE = 'tiny one'" },
          { name: "tiny", version: "2.0", source: "VALUE = 'tiny two'" },
          { name: "other", version: "1.0", source: "VALUE = 'other'" },
          { name: "heavy", version: "1.0", source: "", ballastBytes: 6 * 1_048_576 },
        ],
      });
    }
    await Deno.mkdir(join(directory, "simple/built"));
    await Deno.writeTextFile(
      join(directory, "simple/built/index.html"),
      '<a href="built-1.0.tar.gz">built-1.0.tar.gz</a>',
    );
    const index = await openTestHost(NETWORK, { directory });
    Deno.test.afterAll(async () => {
      await index[Symbol.asyncDispose]();
      await Deno.remove(directory, { recursive: true });
    });

    for (const singleUse of [true, false]) {
      Deno.test(`[docker] packages are installed for the programs that come, which have no network${singleUse ? " (single use)" : ""}`, async () => {
        await using environment = await open("python", { singleUse });
        const installed = await install(environment, ["tiny<2"]);
        assertEquals(installed.outcome, { kind: "exited", exitCode: 0 }, installed.stderr);
        assertStringIncludes(installed.stdout, "Successfully installed tiny-1.0");
        const program = `
import socket, tiny
print(tiny.VALUE)
try:
    socket.create_connection(("${NETWORK}.2", 8080), timeout=2)
except OSError:
    print("no network")
`;
        assertEquals((await runCode(environment, program)).stdout, "tiny one\nno network\n");
        assertEquals((await containers()).length, 1);
      });
    }

    Deno.test("[docker] packages that come later are chosen together with those that are there, and replace them whole", async () => {
      await using environment = await open("python");
      assertEquals((await install(environment, ["tiny==1.0"])).exitCode, 0);
      assertEquals((await install(environment, ["other"])).exitCode, 0);
      const tell = "import tiny, other, os; print(tiny.VALUE, other.VALUE, sorted(os.listdir('.packages')))";
      const infos = (...names: string[]) => `[${names.map((name) => `'${name}'`).join(", ")}]`;
      assertEquals(
        (await runCode(environment, tell)).stdout,
        `tiny one other ${infos("__pycache__", "other-1.0.dist-info", "other.py", "tiny-1.0.dist-info", "tiny.py")}\n`,
      );
      assertEquals((await install(environment, ["tiny"])).exitCode, 0);
      assertEquals(
        (await runCode(environment, tell)).stdout,
        `tiny two other ${infos("__pycache__", "other-1.0.dist-info", "other.py", "tiny-2.0.dist-info", "tiny.py")}\n`,
      );
    });

    Deno.test("[docker] an installation that fails leaves the packages that are there, and no container", async () => {
      await using environment = await open("python");
      assertEquals((await install(environment, ["tiny"])).exitCode, 0);
      const unknown = await install(environment, ["nowhere"]);
      assertEquals(unknown.outcome, { kind: "exited", exitCode: 1 });
      assertStringIncludes(unknown.stderr, "No matching distribution found for nowhere");
      const built = await install(environment, ["built"]);
      assertEquals(built.outcome, { kind: "exited", exitCode: 1 }, "what has to be built is not installed");
      assertEquals((await runCode(environment, "import tiny; print(tiny.VALUE)")).stdout, "tiny two\n");
      assertEquals((await containers()).length, 1);
    });

    Deno.test("[docker] packages that do not fit into the workspace leave it as it was", async () => {
      await using environment = await open("python", { resourceLimits: { ...LIMITS, diskMb: 16 } });
      assertEquals((await install(environment, ["tiny"])).exitCode, 0);
      await environment.files.write("mine.bin", new Uint8Array(15 * 1_048_576));
      const { outcome } = await install(environment, ["heavy"], { limits: { ...LIMITS, diskMb: 16 } });
      assertEquals(outcome, { kind: "disk_limit", limitMb: 16, observedMb: 16 });
      const tell = "import os, tiny; print(tiny.VALUE, sorted(os.listdir('.')), open('.packages.txt').read())";
      assertEquals(
        (await runCode(environment, tell)).stdout,
        "tiny two ['.packages', '.packages.txt', 'main.py', 'mine.bin'] tiny\n\n",
      );
    });

    Deno.test("[docker] while packages are installed only the installer has a network, and none of the variables", async () => {
      await using environment = await open("python_never", { environmentVariables: { SECRET: "hidden" } });
      const abort = new AbortController();
      const installing = install(environment, ["tiny"], { signal: abort.signal });
      await until(async () => (await containers()).length === 2, "the installer has its container");
      const found = await Promise.all((await containers()).map(({ Id }) => engine.getContainer(Id).inspect()));
      const [own, others] = [
        found.filter(({ Config }) => Config.Labels["codebeaker.session"] === environment.id),
        found.filter(({ Config }) => Config.Labels["codebeaker.session"] !== environment.id),
      ];
      assertEquals(own.map(({ HostConfig }) => HostConfig.NetworkMode), ["none"]);
      assertEquals(own.map(({ Config }) => Config.Env?.includes("SECRET=hidden")), [true]);
      assert(others[0]?.HostConfig.NetworkMode?.startsWith("codebeaker-"));
      assertEquals(others[0]?.Config.Env?.some((variable) => variable.startsWith("SECRET")), false);
      for (const hardened of ["ReadonlyRootfs", "CapDrop", "SecurityOpt", "Ulimits", "PidsLimit"] as const) {
        if (hardened === "PidsLimit" || hardened === "Ulimits") continue; // A compiler's, which are greater.
        assertEquals(others[0]?.HostConfig[hardened], own[0]?.HostConfig[hardened]);
      }
      abort.abort();
      assertEquals((await installing).outcome, { kind: "cancelled" });
      assertEquals((await containers()).length, 1);
    });

    Deno.test("[docker] disposing of an environment ends its installation, and leaves no container", async () => {
      const environment = await open("python_never");
      const installing = install(environment, ["tiny"]);
      await until(async () => (await containers()).length === 2, "the installer has its container");
      await environment[Symbol.asyncDispose]();
      await installing.catch(() => {}); // It ended before it could begin, or as the program that it is.
      assertEquals(await containers(), []);
    });

    Deno.test("[docker] an installation ends at its deadline", async () => {
      await using environment = await open("python_never");
      const { outcome } = await install(environment, ["tiny"], { limits: { ...LIMITS, timeoutMs: 1_500 } });
      assertEquals(outcome, { kind: "timed_out", limitMs: 1_500 });
      assertEquals((await containers()).length, 1);
    });

    Deno.test("[docker] an image without the installer says so", async () => {
      await using environment = await open("bare");
      const { outcome, stderr } = await install(environment, ["a"]);
      assertEquals(outcome, { kind: "exited", exitCode: 127 });
      assertStringIncludes(
        stderr,
        'Cannot install packages as the image of this language has no "no-such-tool": choose',
      );
    });

    Deno.test("[docker] an installer's directories replace those of the workspace, its files none, and nothing of it goes on", async () => {
      await using environment = await open("sneaky", { environmentVariables: { SECRET: "hidden" } });
      await environment.files.write("main.sh", new TextEncoder().encode("echo kept"));
      await environment.files.write("made/old.txt", new TextEncoder().encode("old"));
      const { outcome, stdout, stderr } = await install(environment, ["package"]);
      assertEquals(outcome, { kind: "exited", exitCode: 0 }, stderr);
      assert(!stdout.includes("SECRET") && stdout.endsWith("65534\n"), stdout);
      const tell = "cat main.sh package.txt .packages.txt; ls -A . made; pgrep sleep | wc -l";
      const told = await runProgram(
        environment,
        { kind: "shell", command: "sh", args: ["-c", tell], workingDirectory: "." },
        { limits: LIMITS },
      );
      assertEquals(
        told.stdout.split("\n").slice(0, -2).join(" "),
        "echo keptnew package .: .packages.txt made main.sh package.txt  made: link",
        told.stderr,
      );
      assertEquals((await containers()).length, 1);
    });

    Deno.test("[docker] what a program has put in the place of the list of packages does no harm", async () => {
      await using environment = await open("python");
      const plant = (code: string) => runCode(environment, `import os\n${code}`);
      await plant(
        "open('.packages.txt', 'w').write('--pre\\n-r /etc/passwd\\ngit+http://a/b\\n\\0\\n' + 'x' * 99_999)",
      );
      assertEquals((await install(environment, ["tiny"])).exitCode, 0);
      await plant("os.remove('.packages.txt'); os.mkfifo('.packages.txt')");
      assertEquals((await install(environment, ["tiny"])).exitCode, 0);
      await plant("os.remove('.packages.txt'); os.symlink('/etc/passwd', '.packages.txt')");
      assertEquals((await install(environment, ["tiny"])).exitCode, 0);
      assertEquals((await runCode(environment, "print(open('.packages.txt').read())")).stdout, "tiny\n\n");
      await plant("os.remove('.packages.txt'); os.mkdir('.packages.txt')");
      assertEquals((await install(environment, ["tiny"])).outcome.kind, "interrupted");
      await plant(
        "import shutil; shutil.rmtree('.packages'); os.symlink('/tmp', '.packages'); os.rmdir('.packages.txt')",
      );
      assertEquals((await install(environment, ["tiny"])).exitCode, 0);
      assertEquals(
        (await runCode(environment, "import tiny, os; print(os.path.islink('.packages'))")).stdout,
        "False\n",
      );
    });
  }
}

/** The tests' Engine behind a TCP port, as one of another host would be. */
function openRelay(): AsyncDisposable & { readonly port: number } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connections = new Set<Deno.Conn>();
  const relays: Promise<void>[] = [];
  const relaying = (async () => {
    for await (const client of listener) {
      const server = await Deno.connect({ transport: "unix", path: DOCKER_HOST.replace("unix://", "") });
      connections.add(client).add(server);
      relays.push(relay(client, server), relay(server, client));
    }
  })();
  return {
    port: listener.addr.port,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const connection of connections) {
        try {
          connection.close();
        } catch {
          // It has ended with what it carried.
        }
      }
      await relaying;
      await Promise.all(relays);
    },
  };
}

/** What one side has said to its end is told the other, which may go on: a stream of the connection would close it. */
async function relay(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const writer = to.writable.getWriter();
  const buffer = new Uint8Array(65_536);
  try {
    for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
      await writer.write(buffer.slice(0, count));
    }
    await to.closeWrite();
  } catch {
    // One of the two is gone.
  }
}
