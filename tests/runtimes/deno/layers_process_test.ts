import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { runProgram } from "../../../src/commands/mod.ts";
import type { ProgramResult } from "../../../src/core/execution.ts";
import { DEFAULT_LIMITS, type Limits } from "../../../src/core/limits.ts";
import { NO_PERMISSIONS, type PermissionSettings } from "../../../src/core/permissions/permissions.ts";
import { create as createDenoRuntime } from "../../../src/runtimes/deno/mod.ts";
import type { LoadedRuntime, RuntimeConfig, RuntimeHost } from "../../../src/runtimes/port.ts";
import { configureEnvironment } from "../../support/configure_environment.ts";
import { LAYER_COMBINATIONS, layerAvailability, type LayerCombination } from "../../support/layers.ts";
import { isPresent } from "../../support/requirements.ts";
import { runCommand } from "../../support/run_command.ts";
import { openRuntimeHost } from "../../support/runtime_host.ts";

// What the deno runtime promises with the layers that a machine has, for each of its combinations.

/** A runtime on a host, and how a program is run by it. */
interface Bench {
  readonly host: RuntimeHost;
  readonly runtime: LoadedRuntime;
  run(code: string, options?: RunOptions): Promise<ProgramResult>;
}

interface RunOptions {
  readonly permissions?: Partial<PermissionSettings>;
  readonly files?: Record<string, string>;
  readonly limits?: Partial<Limits>;
}

const config = (options?: Partial<RuntimeConfig>) => configureEnvironment("typescript", options);

function benchOf(host: RuntimeHost): Bench {
  const runtime = createDenoRuntime(host);
  return {
    host,
    runtime,
    async run(code, options = {}) {
      const limits = { ...DEFAULT_LIMITS, ...options.limits };
      const permissions = { ...NO_PERMISSIONS, ...options.permissions };
      await using environment = await runtime.createEnvironment(config({ permissions, resourceLimits: limits }));
      for (const [path, text] of Object.entries({ "main.ts": code, ...options.files })) {
        await environment.files.write(path, new TextEncoder().encode(text));
      }
      return await runProgram(environment, { kind: "file", path: "main.ts", args: [] }, { limits });
    },
  };
}

/** A directory that others may read. */
async function withOpenDirectory(test: (directory: string) => Promise<void>, parent = "/tmp"): Promise<void> {
  const directory = await Deno.makeTempDir({ dir: parent });
  await Deno.chmod(directory, 0o755);
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

for (const combination of LAYER_COMBINATIONS) {
  const host = await openRuntimeHost({ without: combination.without });
  Deno.test.afterAll(async () => await host[Symbol.asyncDispose]());
  const lacking = combination.needs.find((name) => !layerAvailability(host.confinement, name).available);
  if (lacking !== undefined && !isPresent(lacking, layerAvailability(host.confinement, lacking))) continue;
  testLayers(combination, benchOf(host));
  if (host.confinement.separatesProcesses) testOtherPrograms(combination, benchOf(host));
}

function testLayers({ title }: LayerCombination, { host, runtime, run }: Bench): void {
  const { confinement } = host;

  Deno.test(`[deno] ${title}: the level and what cannot be honoured are those of the layers that are on`, async () => {
    const assess = async (permissions: Partial<PermissionSettings>) =>
      await runtime.assess(config({ permissions: { ...NO_PERMISSIONS, ...permissions } }));
    const { isolation, cannotHonour } = await assess({});
    const isSandbox = confinement.hidesFiles && confinement.layers.includes("seccomp") &&
      confinement.layers.includes("no_new_privs");
    assertEquals([isolation.level, cannotHonour], [isSandbox ? 8 : 7, undefined]);
    assertEquals(isolation.layers, ["permissions", ...confinement.layers]);
    assertEquals(isolation.limits.toSorted(), Object.keys(DEFAULT_LIMITS).toSorted());
    const other = await assess({ allowRun: true });
    const isComplete = isSandbox &&
      ["namespaces", "own_user", "rlimits", "cgroup"].every((name) => confinement.layers.includes(name));
    assertEquals([other.isolation.level, other.cannotHonour === undefined], [
      isComplete ? 8 : 7,
      confinement.separatesProcesses,
    ]);
    assertEquals((await assess({ allowRun: true, allowNet: true })).cannotHonour === undefined, false);
    const hasSeccomp = confinement.layers.includes("seccomp");
    assertEquals((await assess({ allowNet: true })).cannotHonour === undefined, hasSeccomp);
  });

  Deno.test(`[deno] ${title}: imports read no file of the host: static, literal, JSON, text, Worker, CommonJS`, () =>
    withOpenDirectory(async (secret) => {
      await Deno.writeTextFile(`${secret}/secret.json`, '"LEAKED"');
      await Deno.writeTextFile(`${secret}/secret.js`, 'console.log("LEAKED"); export default "LEAKED";');
      await Deno.writeTextFile(`${secret}/secret.cjs`, 'console.log("LEAKED");');
      const attempts = [
        `import text from "${secret}/secret.json" with { type: "text" }; console.log(text);`,
        `import json from "${secret}/secret.json" with { type: "json" }; console.log(json);`,
        `import "${secret}/secret.js";`,
        `await import("${secret}/secret.js");`,
        `export * from "${secret}/secret.js";`,
        `await import("./hop.ts");`,
        `new Worker("file://${secret}/secret.js", { type: "module" });`,
        `new Worker(new URL("./hop.ts", import.meta.url), { type: "module" });`,
        `import { createRequire } from "node:module"; createRequire(import.meta.url)("${secret}/secret.cjs");`,
      ];
      const refusal = confinement.canMount
        ? new RegExp(`Module not found "file://${secret}/|Cannot find module '${secret}/`)
        : confinement.hidesFiles
        ? /Permission denied \(os error 13\)|Requires read access|Cannot find module/
        : /Requires read access/;
      for (const code of attempts) {
        const { exitCode, stdout, stderr } = await run(code, { files: { "hop.ts": `import "${secret}/secret.js";` } });
        assertEquals([code, exitCode, `${stdout}${stderr}`.includes("LEAKED")], [code, 1, false]);
        assertMatch(stderr, refusal);
      }
    }));

  Deno.test(`[deno] ${title}: the roots that were granted are read and written, and nothing beside them`, async () => {
    for (const parent of ["/tmp", ...(confinement.canMount ? ["/var/tmp"] : [])]) { // Programs have a /tmp of their own there.
      await withOpenDirectory(async (root) => {
        await Deno.writeTextFile(`${root}/in.txt`, "in");
        const write = `Deno.writeTextFileSync("${root}/out.txt", "x");`;
        const read = await run(`console.log(Deno.readTextFileSync("${root}/in.txt"));`, {
          permissions: { allowRead: [root] },
        });
        await Deno.chmod(root, 0o777);
        const readOnly = await run(write, { permissions: { allowRead: [root] } });
        const beside = await run(`Deno.readTextFileSync("${root}-other");`, { permissions: { allowRead: [root] } });
        const missing = await run("console.log(1);", { permissions: { allowRead: [`${root}/missing`] } });
        const ungranted = await run(write);
        assertEquals([read.stdout, readOnly.exitCode, beside.exitCode, missing.stdout, ungranted.exitCode], [
          "in\n",
          1,
          1,
          "1\n",
          1,
        ]);
        assertEquals([...Deno.readDirSync(root)].map(({ name }) => name), ["in.txt"]);
        const allowed = await run(write, { permissions: { allowWrite: [root] } });
        assertEquals([allowed.exitCode, await Deno.readTextFile(`${root}/out.txt`)], [0, "x"]);
      }, parent);
    }
  });

  Deno.test(`[deno] ${title}: a root that is closed to the program's user is told before it starts, or by the program`, async () => {
    const isOther = confinement.layers.includes("own_user");
    await withOpenDirectory(async (root) => {
      await Deno.mkdir(`${root}/sub`);
      await Deno.writeTextFile(`${root}/sub/in.txt`, "in", { mode: 0o600 });
      const permissions = { ...NO_PERMISSIONS, allowRead: [`${root}/sub`] };
      const { stderr, stdout } = await run(`console.log(Deno.readTextFileSync("${root}/sub/in.txt"));`, {
        permissions,
      });
      if (isOther) assertStringIncludes(stderr, "Permission denied");
      else assertEquals(stdout, "in\n");
      await Deno.chmod(root, 0o700);
      const { cannotHonour } = await runtime.assess(config({ permissions }));
      if (isOther) assertStringIncludes(cannotHonour ?? "", `"${root}/sub" is not open to others`);
      else assertEquals(cannotHonour, undefined);
    });
  });

  Deno.test(`[deno] ${title}: what a program has of its own is granted to none as the host's`, async () => {
    for (const path of ["/", "/tmp", "/tmp/", "/proc", "/proc/1", "/dev/shm", "/workspace/x", "/codebeaker"]) {
      const permissions = { ...NO_PERMISSIONS, allowRead: [path] };
      const { cannotHonour } = await runtime.assess(config({ permissions }));
      if (confinement.canMount) assert(cannotHonour !== undefined, path);
    }
    const usr = await runtime.assess(config({ permissions: { ...NO_PERMISSIONS, allowRead: ["/usr/share"] } }));
    assertEquals(usr.cannotHonour, undefined);
  });

  Deno.test(`[deno] ${title}: more files than may lie in a workspace end the program`, async () => {
    const code = 'for (let index = 0; ; index++) Deno.writeTextFileSync(`${index}.txt`, "");';
    const { outcome } = await run(code, { limits: { diskMb: 1 } });
    assert(outcome.kind === "disk_limit" && outcome.limitMb === 1, JSON.stringify(outcome));
    assert((outcome.observedFiles ?? 0) > (outcome.limitFiles ?? Infinity), JSON.stringify(outcome));
  });

  Deno.test(`[deno] ${title}: what programs leave counts together`, async () => {
    const limits = { ...DEFAULT_LIMITS, diskMb: 4 };
    await using environment = await runtime.createEnvironment(config({ resourceLimits: limits }));
    const leave = async (names: readonly string[]) =>
      (await runCommand(environment, {
        type: "execute_code",
        code: `for (const name of ${JSON.stringify(names)}) Deno.writeFileSync(name, new Uint8Array(3_000_000).fill(1));
          await new Promise((resolve) => setTimeout(resolve, 300));`,
      }, { limits }) as ProgramResult).outcome.kind;
    assertEquals([await leave(["a"]), await leave(["b", "c"])], ["exited", "disk_limit"]);
  });

  Deno.test(`[deno] ${title}: an exit code above 128 is none of a signal, and a signal is one`, async () => {
    assertEquals((await run("Deno.exit(152);")).outcome, { kind: "exited", exitCode: 152 });
    assertEquals((await run("Deno.exitCode = 143;")).outcome, { kind: "exited", exitCode: 143 });
    const { outcome, stderr } = await run("Deno.exit(137);");
    assertEquals([outcome, stderr], [{ kind: "exited", exitCode: 137 }, ""]);
  });

  Deno.test(`[deno] ${title}: no line of the service stands in what a program sees of itself`, async () => {
    const { stdout } = await run("console.log(new Error().stack, Deno.cwd(), import.meta.url, Deno.mainModule);");
    assert(!/start\.js|deno_start/.test(stdout), stdout);
    if (!confinement.canMount) return;
    assertStringIncludes(stdout, "/workspace file:///workspace/main.ts file:///workspace/main.ts\n");
  });
}

function testOtherPrograms({ title }: LayerCombination, { host, runtime, run }: Bench): void {
  const shell = async (script: string, options: Partial<RuntimeConfig> & { limits?: Partial<Limits> } = {}) => {
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    await using environment = await runtime.createEnvironment(config({ ...options, resourceLimits: limits }));
    const command = { type: "shell", command: "sh", args: ["-c", script] };
    return await runCommand(environment, command, { limits }) as ProgramResult;
  };

  Deno.test(`[deno] ${title}: a program that was granted it starts others, which are as confined as itself`, async () => {
    const code = `
      const script = "cat /etc/shadow; ls /srv /root; cat /proc/net/dev; touch /usr/x /etc/x /x /dev/x";
      const { stdout, stderr } = new Deno.Command("sh", { args: ["-c", "echo hi >from_child; " + script] }).outputSync();
      console.log(new TextDecoder().decode(stdout).split("\\n").filter((line) => /^\\s*\\w+:/.test(line)).map((line) => line.trim().split(":")[0]));
      console.log(Deno.readTextFileSync("from_child"), new TextDecoder().decode(stderr).trim().split("\\n").length);`;
    const { stdout, outcome } = await run(code, { permissions: { allowRun: true } });
    const seen = host.confinement.canMount ? '[ "lo" ]\nhi\n 7\n' : "[]\nhi\n 8\n";
    assertEquals([outcome, stdout], [{ kind: "exited", exitCode: 0 }, seen]);
    const refused = await run(
      "try { new Deno.Command(Deno.execPath()).outputSync(); } catch (error) { console.log(error.name); }",
    );
    assertEquals(refused.stdout, "NotCapable\n");
  });

  Deno.test(`[deno] ${title}: what a program starts is gone with it, whatever session it leads`, async () => {
    const secret = `codebeaker-${crypto.randomUUID()}`;
    const code =
      `new Deno.Command("setsid", { args: ["sh", "-c", "exec sleep 99 # ${secret}"], stdin: "null", stdout: "null", stderr: "null" }).spawn().unref();
      new Deno.Command("setsid", { args: ["sh", "-c", "sleep 98 & wait # ${secret}"], stdin: "null", stdout: "null", stderr: "null" }).spawn().unref();
      await new Promise((resolve) => setTimeout(resolve, 200)); Deno.exit(0);`;
    assertEquals((await run(code, { permissions: { allowRun: true } })).outcome, { kind: "exited", exitCode: 0 });
    const alive = [...Deno.readDirSync("/proc")].filter(({ name }) => /^\d+$/.test(name)).filter(({ name }) => {
      try {
        return Deno.readTextFileSync(`/proc/${name}/cmdline`).includes(secret);
      } catch {
        return false; // It ended meanwhile.
      }
    });
    assertEquals(alive, []);
  });

  if (!host.confinement.layers.includes("cgroup")) testSums(title, shell); // The suite of all runtimes has them where it is.

  Deno.test(`[deno] ${title}: any command runs where a layer confines it, in the environment's own directory and without network`, async () => {
    const { stdout, exitCode } = await shell(
      "pwd; id -u; echo $HOME $TMPDIR; cat /proc/net/dev | grep -c :; ls -A; exit 3",
      {
        permissions: { ...NO_PERMISSIONS, allowNet: true },
      },
    );
    const [directory, uid, variables, interfaces, ...left] = stdout.trimEnd().split("\n");
    assertEquals([interfaces, left, exitCode], [host.confinement.canMount ? "1" : "0", [], 3]);
    if (host.confinement.canMount) assertEquals([directory, variables], ["/workspace", "/workspace /tmp"]);
    assert(Number(uid) !== 0 && (Deno.uid() !== 0 || Number(uid) !== Deno.uid()), `${uid}`);
  });

  Deno.test(`[deno] ${title}: a line runs in a shell where a layer confines it`, async () => {
    await using environment = await runtime.createEnvironment(config());
    await environment.files.write("a b.txt", new TextEncoder().encode("one\ntwo\n"));
    const line = async (command: string) =>
      await runCommand(environment, { type: "shell", command }, { limits: DEFAULT_LIMITS }) as ProgramResult;
    assertEquals((await line("ls | wc -l; cat 'a b.txt'")).stdout, "1\none\ntwo\n");
    assertMatch((await line("deno --version")).stdout, /^deno 2\./);
    assertEquals((await line("exit 137")).outcome, { kind: "exited", exitCode: 137 });
    assertEquals((await line("kill -KILL $$")).outcome, { kind: "signaled", signal: "SIGKILL" });
  });

  Deno.test(`[deno] ${title}: a command that a signal ended is reported as signaled, and a missing one exits with 127`, async () => {
    assertEquals((await shell("kill -SEGV $$")).outcome, { kind: "signaled", signal: "SIGSEGV" });
    assertEquals((await shell("exit 7")).outcome, { kind: "exited", exitCode: 7 });
    await using environment = await runtime.createEnvironment(config());
    const missing = await runCommand(environment, { type: "shell", command: "no-such-command", args: [] }, {
      limits: DEFAULT_LIMITS,
    }) as ProgramResult;
    assertEquals(missing.exitCode, 127);
    assertStringIncludes(missing.stderr, "no-such-command");
  });

  Deno.test(`[deno] ${title}: no other command runs where more isolation is asked than it has`, async () => {
    const error = await shell("id", { minIsolation: 9 }).then(() => undefined, (error: unknown) => error);
    assertMatch(String(error), /Cannot run "sh -c id" as .*the deno runtime/);
    assertEquals(host.confinement.separatesProcesses, true);
  });
}

/** What the programs together use that a program starts. */
function testSums(
  title: string,
  shell: (script: string, options: { readonly limits: Partial<Limits> }) => Promise<ProgramResult>,
): void {
  Deno.test(`[deno] ${title}: more processes than a program may have end it`, async () => {
    const { outcome } = await shell("for i in 1 2 3 4 5 6 7 8; do sleep 20 & done; wait", {
      limits: { maxProcesses: 4 },
    });
    assert(outcome.kind === "process_limit" && outcome.limit === 4 && outcome.observed > 4, JSON.stringify(outcome));
  });

  Deno.test(`[deno] ${title}: a fork bomb ends as a process_limit`, async () => {
    // Each of its processes stays: where the kernel refuses more, one that does not is gone before the service samples it.
    const { outcome } = await shell("bomb() { (bomb) & (bomb) & exec sleep 60; }; (bomb) & exec sleep 60", {
      limits: { maxProcesses: 32, timeoutMs: 60_000 },
    });
    assert(outcome.kind === "process_limit" && outcome.limit === 32, JSON.stringify(outcome));
  });

  Deno.test(`[deno] ${title}: memory and CPU time of what a program starts count as its own`, async () => {
    const held = "x=$(head -c 30000000 /dev/zero | tr '\\0' x); sleep 20; :"; // A shell becomes its last command.
    const memory = await shell(`for i in 1 2 3; do (${held}) & done; sleep 20`, { limits: { memoryMb: 64 } });
    assertEquals(memory.outcome.kind, "memory_limit");
    const cpu = await shell("for i in 1 2; do (while :; do :; done) & done; sleep 20", { limits: { cpuMs: 300 } });
    assertEquals(cpu.outcome.kind, "cpu_limit");
  });
}
