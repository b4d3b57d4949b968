import type { Dialect } from "./dialect.ts";

/** What a program that only computes has no function for: it fails with an uncaught error. */
const cannot = (what: string) => `throw new Error(${JSON.stringify(`A program that only computes cannot ${what}`)});`;

/** ECMAScript and Web APIs, without files, network and processes. */
export const web: Dialect = {
  hello: 'console.log("hello");',
  cells: { declare: "const answer = 40; let more = 2; function sum() { return answer + more; }", use: "sum()" },
  echoStdin: cannot("read stdin"),
  printArgs: cannot("see its arguments"),
  printVariable: () => cannot("see a variable"),
  exitWith: () => cannot("exit with a code of its own"),
  failOnLine3: (message) => `// one\n// two\nthrow new Error(${JSON.stringify(message)});`,
  spin: "for (;;);",
  sleep: 'console.log("ready"); setInterval(() => {}, 1000);',
  ignoreSigterm: cannot("see a signal"),
  floodStdout: 'const line = "x".repeat(65535); for (;;) console.log(line);',
  writeSingleBytes: () => cannot("print a part of a line"),
  halfCharacter: cannot("print a part of a character"),
  allocateForEver: "const kept = []; for (;;) kept.push(new Uint8Array(1e6).fill(1));",
  writeFile: () => cannot("write a file"),
  printFile: (path) => `import text from ${JSON.stringify(path)}; console.log(text);`,
  printIsMain: cannot("know its main module"),
  connect: (port) => `await fetch("http://127.0.0.1:${port}/"); console.log("connected");`,
  reach: () => cannot("reach a host"),
  limits: {
    takeHeap: (megabytes) => takeAll(`while (kept.length < ${megabytes}) kept.push(new Array(131072).fill(0.5));`),
    takeBesideHeap: (megabytes) =>
      takeAll(`while (kept.length < ${megabytes}) kept.push(new Uint8Array(1048576).fill(1));`),
    openFiles: () => cannot("open a file"),
    writeFiles: () => cannot("write a file"),
    makeSparseFile: () => cannot("make a file"),
    floodStderr: 'const line = "x".repeat(65535); for (;;) console.error(line);',
  },
};

/** What holds what it took for a moment. Where it gets no more it ends. */
function takeAll(take: string): string {
  return `console.log("before"); const kept = []; ${take} console.log("done"); setTimeout(() => kept.length, 300);`;
}
