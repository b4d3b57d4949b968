import { type Dialect, makeFileLater } from "./dialect.ts";
import { CELLS } from "./ecmascript.ts";

/** CommonJS for Node. Its synchronous writes go past `process.stdout`, which may keep bytes back. */
export const node: Dialect = {
  cells: CELLS,
  hello: 'console.log("hello");',
  echoStdin: "process.stdin.pipe(process.stdout);",
  printArgs: 'console.log(process.argv.slice(2).join("|"));',
  printVariable: (name) => `console.log(String(process.env[${JSON.stringify(name)}]));`,
  exitWith: (code) => `process.exit(${code});`,
  failOnLine3: (message) => `// one\n// two\nthrow new Error(${JSON.stringify(message)});`,
  spin: "for (;;);",
  sleep: 'require("node:fs").writeSync(1, "ready\\n"); setInterval(() => {}, 1000);',
  ignoreSigterm:
    'process.on("SIGTERM", () => {}); require("node:fs").writeSync(1, "ready\\n"); setInterval(() => {}, 1000);',
  floodStdout: 'const { writeSync } = require("node:fs"); for (;;) writeSync(1, "x".repeat(65536));',
  writeSingleBytes: (count) =>
    `const { writeSync } = require("node:fs"); for (let i = 0; i < ${count}; i++) writeSync(1, Buffer.of(97 + i % 26));`,
  halfCharacter: 'require("node:fs").writeSync(1, Buffer.of(111, 107, 0xe2, 0x82)); setInterval(() => {}, 1000);',
  allocateForEver: "const kept = []; for (;;) kept.push(Buffer.alloc(1e6, 1));",
  writeFile: (path, text) => `require("node:fs").writeFileSync(${JSON.stringify(path)}, ${JSON.stringify(text)});`,
  printFile: (path) =>
    `const { readFileSync, writeFileSync } = require("node:fs"); writeFileSync(1, readFileSync(${
      JSON.stringify(path)
    }));`,
  printIsMain: 'console.log(require.main === module ? "main" : "not main");',
  connect: (port) => `require("node:net").connect(${port}, "127.0.0.1", () => console.log("connected"));`,
  reach: (hosts) =>
    [
      'const { connect } = require("node:net");',
      `const hosts = ${JSON.stringify(hosts)};`,
      'const ask = (host) => new Promise((end) => connect(443, host).on("error", end).on("connect", end));',
      'Promise.all(hosts.map(ask)).then(() => console.log("caught"));',
    ].join("\n"),
  limits: {
    takeHeap: (megabytes) => takeAll(`while (kept.length < ${megabytes}) kept.push(new Array(131072).fill(0.5));`),
    takeBesideHeap: (megabytes) => takeAll(`while (kept.length < ${megabytes}) kept.push(Buffer.alloc(1048576, 1));`),
    spinInThreads: [
      'const { Worker } = require("node:worker_threads"); require("node:fs").writeSync(1, "before\\n");',
      'for (let count = 0; count < 2; count++) new Worker("for (;;);", { eval: true });',
    ].join("\n"),
    openFiles: (count) =>
      takeAll(`while (kept.length < ${count}) kept.push(require("node:fs").openSync(__filename, "r"));`),
    writeFiles: ({ place, count, bytes }) =>
      [
        'const { writeFileSync, writeSync } = require("node:fs"); writeSync(1, "before\\n");',
        `const directory = ${place === "workspace" ? '"."' : "process.env.TMPDIR"};`,
        "try {",
        `for (let index = 0; index < ${count}; index++) {`,
        `writeFileSync(\`\${directory}/many-\${index}\`, Buffer.alloc(${bytes}, 1));`,
        "}",
        'writeSync(1, "done\\n");',
        "} catch { process.exit(0); }",
      ].join("\n"),
    makeSparseFile: (megabytes) =>
      [
        'const { truncateSync, writeFileSync } = require("node:fs"); console.log("before");',
        `writeFileSync("sparse", "x"); truncateSync("sparse", ${megabytes} * 1048576); console.log("done");`,
      ].join("\n"),
    floodStderr: 'const { writeSync } = require("node:fs"); for (;;) writeSync(2, "x".repeat(65536));',
  },
  processes: {
    killSelf: 'process.kill(process.pid, "SIGKILL");',
    leaveChild: (path, output) => {
      const stream = JSON.stringify(output === "inherited" ? "inherit" : "ignore");
      return [
        'const { spawn } = require("node:child_process");',
        `const child = ["-c", ${JSON.stringify(makeFileLater(path))}];`,
        `spawn("sh", child, { detached: true, stdio: ["ignore", ${stream}, ${stream}] }).unref();`,
      ].join("\n");
    },
    startChildren: (count, script) =>
      [
        'const { spawn } = require("node:child_process"); require("node:fs").writeSync(1, "before\\n");',
        "let [started, ended] = [0, 0];",
        'process.on("uncaughtException", () => {});',
        `for (let index = 0; index < ${count}; index++) {`,
        `const child = spawn("sh", ["-c", ${JSON.stringify(script)}], { stdio: "ignore" });`,
        'child.on("error", () => setInterval(() => {}, 1000));',
        'child.on("spawn", () => {',
        `if (++started === ${count}) console.log("done");`,
        "});",
        `child.on("exit", () => { if (++ended === ${count}) process.exit(0); });`,
        "}",
      ].join("\n"),
  },
};

/** What holds what it took for a moment, and waits where it gets no more. */
function takeAll(take: string): string {
  return [
    'require("node:fs").writeSync(1, "before\\n"); const kept = [];',
    "try {",
    take,
    'require("node:fs").writeSync(1, "done\\n");',
    "setTimeout(() => kept.length, 300);",
    "} catch { setInterval(() => {}, 1000); }",
  ].join("\n");
}
