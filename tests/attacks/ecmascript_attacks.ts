import type { Attack, Step } from "./attack.ts";
import { SYSTEM_CALLS } from "./system_calls.ts";

/** What a file says that is obeyed, in two words, so that the file itself does not say it. */
const PLANTED = 'console.log("planted", "configuration"); module.exports = "planted";';
const OBEYED = "planted configuration";

const json = (value: unknown) => JSON.stringify(value);

/** Runs each function, and goes on when one fails. */
const tryAll = (...functions: readonly string[]) =>
  `for (const act of [${
    functions.join(",\n")
  }]) try { console.log(String(act())); } catch (error) { console.log("refused", error?.message); }`;

const written = (attacks: readonly Omit<Attack, "language">[]): readonly Attack[] =>
  attacks.map((attack) => ({ ...attack, language: "ecmascript" }));

const REGISTRY = '[install]\nregistry = "http://127.0.0.1:{{tcp}}/"\n';
/** Bun's, Node's and their package managers' files, which a program could leave for the next one. */
const CONFIGURATION: Readonly<Record<string, string>> = {
  "bunfig.toml": `preload = ["./planted.js"]\n${REGISTRY}`,
  ".env": `PLANTED=${OBEYED}\nNODE_OPTIONS=--require=./planted.js\nBUN_OPTIONS=--preload=./planted.js\n`,
  ".env.local": `PLANTED=${OBEYED}\n`,
  ".npmrc": "registry=http://127.0.0.1:{{tcp}}/\nnode-options=--require=./planted.js\n",
  "node.config.json": json({ nodeOptions: { import: ["./planted.js"] } }),
  "tsconfig.json": json({ compilerOptions: { paths: { lib: ["./planted.js"] }, jsxImportSource: "./planted" } }),
  "planted.js": PLANTED,
};
const OBEDIENT = `console.log(process.env.PLANTED, process.env.NODE_OPTIONS, process.env.BUN_OPTIONS);
  for (const name of ["lib", "{{token}}", "npm:{{token}}"]) await import(name).then(console.log, () => console.log("refused"));`;
const SCRIPT = `echo ${OBEYED}; touch {{outside}}/{{token}}`;

/** Prints variables of the service's own start file as if they were flags. */
const OWN_VARIABLES =
  "Object.keys(process.env).filter((name) => /^(CODEBEAKER|BUN_FEATURE)_/.test(name)).map((name) => '--' + name).join()";

/** What Bun and Node obey, by themselves or by variables, of a workspace or a home. */
export const CONFIGURATION_IN_ECMASCRIPT: readonly Attack[] = written([
  {
    name: "files that Bun and Node take for their configuration",
    mechanism: "configuration in the workspace",
    files: CONFIGURATION,
    // The process of the second program may have waited beside the files.
    steps: [{ code: OBEDIENT }, { code: OBEDIENT }],
    reveals: OBEYED,
    trips: "secret",
  },
  {
    name: "packages that Bun would fetch as they are imported",
    mechanism: "npm:, jsr: and https: imports",
    files: { "bunfig.toml": `${REGISTRY}auto = "force"\n`, ".npmrc": "registry=http://127.0.0.1:{{tcp}}/\n" },
    tries: ['import("{{token}}")', 'import("npm:{{token}}")', 'import("http://127.0.0.1:{{tcp}}/x.js")'],
    trips: "connection",
  },
  {
    name: "a macro",
    files: {
      // A macro runs before the program does, with a global object of its own.
      "macro.ts": `export const planted = () => globalThis.isRunning ? "run" : ["planted", "configuration"].join(" ");`,
      "own.ts":
        'import { planted } from "./macro.ts" with { type: "macro" }; export const own = planted(); console.log(own);',
    },
    code: 'globalThis.isRunning = true; await import("./own.ts").then(() => {}, () => console.log("refused"));',
    reveals: OBEYED,
    trips: "secret",
  },
  {
    name: "scripts of a package.json with a program's name",
    mechanism: "an entry that is a task's or a flag's name",
    files: {
      "package.json": json({
        scripts: Object.fromEntries(
          ["main", "main.js", "main.ts", "start", "preinstall", "prestart"].map((name) => [name, SCRIPT]),
        ),
      }),
    },
    code: "console.log(1);",
    reveals: OBEYED,
  },
  {
    name: "modules of a home, and of what lies above a workspace",
    code: `const fs = require("node:fs");
      for (const home of [process.env.HOME, "/root", "/", "/codebeaker", require("node:os").homedir()])
        for (const name of [".node_modules", ".node_libraries", "node_modules"])
          try { fs.mkdirSync(home + "/" + name, { recursive: true }); fs.writeFileSync(home + "/" + name + "/x.js", ${
      json(PLANTED)
    }); } catch {}`,
    steps: [{ code: 'try { require("x"); } catch { console.log("refused"); }' }],
    reveals: OBEYED,
  },
  {
    name: "flags and waiting that a child or a Worker would inherit",
    files: { "child.js": `console.log(process.execArgv.join(), ${OWN_VARIABLES});` },
    code: `const { Worker } = require("node:worker_threads");
      const code = ${json(`console.log(${OWN_VARIABLES})`)};
      console.log(process.execArgv.join(), ${OWN_VARIABLES});
      new Worker(code, { eval: true }).on("exit", () => require("node:child_process").fork(process.cwd() + "/child.js"));`,
    reveals: "--",
    ends: ["exited"],
  },
]);

/** Ways to files that lie below the modules of a program. */
export const FILES_IN_ECMASCRIPT: readonly Attack[] = written([
  {
    name: "bindings below the modules, and programs that read",
    code: tryAll(
      '() => require("node:fs").readFileSync("/proc/1/root{{secret}}", "utf8")',
      '() => process.binding("fs").readFileUtf8("{{secret}}", 0)',
      '() => process.binding("fs").open("{{outside}}/{{token}}", 0o101, 0o666)',
      '() => require("node:child_process").execFileSync("cat", ["{{secret}}", "/proc/1/root{{secret}}"])',
      '() => require("{{secret}}")',
      '() => require("{{outside}}/secret.cjs")',
      '() => Bun.spawnSync(["cat", "{{secret}}"]).stdout',
      '() => Bun.mmap("{{secret}}")',
      '() => require("node:fs").readdirSync("/proc/self/fd").map((fd) => { try { return require("node:fs").readFileSync("/proc/self/fd/" + fd + "/../secret.txt", "utf8"); } catch { return fd; } })',
      '() => process.report.writeReport("{{outside}}/{{token}}.json")',
      '() => require("node:v8").writeHeapSnapshot("{{outside}}/{{token}}.heapsnapshot")',
      '() => require("node:v8").setFlagsFromString("--logfile={{outside}}/{{token}}.log")',
      '() => new (require("node:wasi").WASI)({ version: "preview1", preopens: { "/": "{{outside}}" } })',
    ),
    trips: "secret",
  },
  {
    name: "a Worker whose module is outside",
    code: `const { Worker } = require("node:worker_threads");
      for (const path of ["{{outside}}/secret.cjs", "{{outside}}/secret.mjs"]) new Worker(path).on("error", (error) => console.log("refused", error.message));`,
    trips: "secret",
  },
]);

/** Native code, and what is left of the service in a program's process. */
export const PROCESSES_IN_ECMASCRIPT: readonly Attack[] = written([
  {
    name: "native code of Bun and Node",
    files: { "evil.node": "no library" },
    code: `const line = "touch {{outside}}/{{token}}";
      ${
      tryAll(
        '() => require("bun:ffi").dlopen("libc.so.6", { system: { args: ["cstring"], returns: "i32" } }).symbols.system(Buffer.from(line + "\\0"))',
        '() => require("bun:ffi").dlopen("libc.so.6", { kill: { args: ["i32", "i32"], returns: "i32" } }).symbols.kill({{victim}}, 9)',
        '() => require("bun:ffi").cc({ source: "evil.c", symbols: {} })',
        '() => process.dlopen({ exports: {} }, process.cwd() + "/evil.node")',
        '() => process.dlopen({ exports: {} }, "libc.so.6")',
        '() => process.binding("spawn_sync").spawn({ file: "/bin/touch", args: ["touch", "{{outside}}/{{token}}"], stdio: [] })',
        "() => process._debugProcess({{victim}})",
        '() => process.execve?.("/bin/sh", ["sh", "-c", line])',
      )
    }`,
    trips: "outside",
  },
  {
    name: "system calls of a program that it starts",
    code: `console.log(String(require("node:child_process").spawnSync("python3", ["-c", ${
      json(SYSTEM_CALLS)
    }]).stdout));`,
    reveals: "allowed ",
    trips: "secret",
  },
  {
    name: "descriptors of its own and of its launchers, and what their command lines say",
    code: `const fs = require("node:fs");
      const known = /^(pipe:|anon_inode:|\\/dev\\/(null|u?random)$|\\/proc\\/|\\/workspace\\/|\\/codebeaker\\/)/;
      for (const pid of ["self", process.ppid, 1]) {
        for (const fd of fs.readdirSync("/proc/" + pid + "/fd")) {
          let link = ""; try { link = fs.readlinkSync("/proc/" + pid + "/fd/" + fd); } catch { continue; }
          if (!known.test(link)) console.log("inherited", pid, fd, link);
        }
        for (const name of ["cmdline", "environ"]) if (/\\/codebeaker-/.test(fs.readFileSync("/proc/" + pid + "/" + name))) console.log("inherited", pid, name);
      }`,
    reveals: "inherited ",
    ends: ["exited"],
  },
  {
    name: "children that ignore signals and hide their names",
    code: `process.title = "bwrap"; const { spawn } = require("node:child_process");
      const line = "trap '' TERM HUP INT QUIT; exec -a bwrap sleep 300";
      for (const detached of [true, false]) spawn("bash", ["-c", line], { detached, stdio: "ignore", env: {} }).unref();
      for (const name of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(name, () => {});
      setTimeout(() => process.exit(0), 200);`,
    ends: ["exited"],
  },
  {
    name: "an inspector of its own, and of another process",
    code: `const inspector = require("node:inspector");
      ${
      tryAll(
        '() => inspector.open({{tcp6}}, "127.0.0.1")',
        '() => process.kill(1, "SIGUSR1")',
        '() => process.kill({{victim}}, "SIGUSR1")',
        "() => process._debugProcess(1)",
      )
    }
      setTimeout(() => process.exit(0), 200);`,
    ends: ["exited"],
  },
]);

/** Arguments and names that Bun or Node could take for flags. */
export const SMUGGLING_IN_ECMASCRIPT: readonly Attack[] = written([
  {
    name: "flags among its arguments, and a program that is called like one",
    mechanism: "an entry that is a task's or a flag's name",
    files: { "planted.js": PLANTED },
    steps: [
      {
        code: "console.log(process.argv.length);",
        args: ["--require=./planted.js", "--preload=./planted.js", "--eval"],
      },
      ...["--require=.", "--preload=.", "-e", "--import"].map((name): Step => ({
        request: { files: [{ path: `${name}/planted.js`, content: "1" }], entrypoint: `${name}/planted.js` },
      })),
    ],
    reveals: OBEYED,
  },
]);
