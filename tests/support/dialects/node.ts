import { type Dialect, makeFileLater } from "./dialect.ts";

/** CommonJS for Node. Its synchronous writes go past `process.stdout`, which may keep bytes back. */
export const node: Dialect = {
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
  writeHugeFile: (path) =>
    `const { openSync, writeSync } = require("node:fs"); const file = openSync(${
      JSON.stringify(path)
    }, "w"); for (;;) writeSync(file, Buffer.alloc(1e6));`,
  printIsMain: 'console.log(require.main === module ? "main" : "not main");',
  connect: (port) => `require("node:net").connect(${port}, "127.0.0.1", () => console.log("connected"));`,
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
  },
};
