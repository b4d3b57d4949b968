import type { Dialect } from "./dialect.ts";

/** Cells of contexts, on any runtime of the language. */
export const CELLS = { declare: "const x = 40; function add(n) { return x + n }", use: "await null; add(2)" };

/** ECMAScript with the `Deno` namespace, which may run without the permission to start processes. */
export const ecmascript: Dialect = {
  hello: 'console.log("hello");',
  cells: CELLS,
  echoStdin: "await Deno.stdin.readable.pipeTo(Deno.stdout.writable);",
  printArgs: 'console.log(Deno.args.join("|"));',
  printVariable: (name) => `console.log(String(Deno.env.get(${JSON.stringify(name)})));`,
  exitWith: (code) => `Deno.exit(${code});`,
  failOnLine3: (message) => `// one\n// two\nthrow new Error(${JSON.stringify(message)});`,
  spin: "for (;;);",
  sleep: 'console.log("ready"); setInterval(() => {}, 1000);',
  ignoreSigterm: 'Deno.addSignalListener("SIGTERM", () => {}); console.log("ready"); setInterval(() => {}, 1000);',
  floodStdout: 'const line = new TextEncoder().encode("x".repeat(65536)); for (;;) Deno.stdout.writeSync(line);',
  writeSingleBytes: (count) =>
    `for (let i = 0; i < ${count}; i++) Deno.stdout.writeSync(new Uint8Array([97 + i % 26]));`,
  halfCharacter: "Deno.stdout.writeSync(new Uint8Array([111, 107, 0xe2, 0x82])); setInterval(() => {}, 1000);",
  allocateForEver: "const kept = []; for (;;) kept.push(new Uint8Array(1e6).fill(1));",
  writeFile: (path, text) => `Deno.writeTextFileSync(${JSON.stringify(path)}, ${JSON.stringify(text)});`,
  printFile: (path) => `Deno.stdout.writeSync(Deno.readFileSync(${JSON.stringify(path)}));`,
  printIsMain: 'console.log(import.meta.main ? "main" : "not main");',
  connect: (port) => `await Deno.connect({ hostname: "127.0.0.1", port: ${port} }); console.log("connected");`,
  reach: (hosts) =>
    [
      "const ask = (hostname) => Deno.connect({ hostname, port: 443 }).catch(() => {});",
      `Promise.all(${JSON.stringify(hosts)}.map(ask)).then(() => console.log("caught"));`,
    ].join("\n"),
  limits: {
    takeHeap: (megabytes) =>
      takeAll(
        `const kept = []; while (kept.length < ${megabytes}) kept.push(new Array(131072).fill(0.5));`,
      ),
    takeBesideHeap: (megabytes) =>
      takeAll(`const kept = []; while (kept.length < ${megabytes}) kept.push(new Uint8Array(1048576).fill(1));`),
    spinInThreads: [
      'console.log("before");',
      'const url = URL.createObjectURL(new Blob(["for (;;);"], { type: "text/javascript" }));',
      'for (let count = 0; count < 2; count++) new Worker(url, { type: "module" });',
      "setInterval(() => {}, 1000);",
    ].join("\n"),
    openFiles: (count) =>
      takeAll(
        `const kept = []; while (kept.length < ${count}) kept.push(Deno.openSync(import.meta.filename ?? "main.ts"));`,
      ),
    writeFiles: ({ place, count, bytes }) =>
      [
        'console.log("before");',
        `const directory = ${place === "workspace" ? '"."' : 'Deno.env.get("TMPDIR")'};`,
        "try {",
        `for (let index = 0; index < ${count}; index++) {`,
        `Deno.writeFileSync(\`\${directory}/many-\${index}\`, new Uint8Array(${bytes}).fill(1));`,
        "}",
        'console.log("done");',
        "} catch { Deno.exit(0); }",
      ].join("\n"),
    makeSparseFile: (megabytes) =>
      `console.log("before"); Deno.writeFileSync("sparse", new Uint8Array(1)); Deno.truncateSync("sparse", ${megabytes} * 1048576); console.log("done");`,
    floodStderr: 'const line = new TextEncoder().encode("x".repeat(65536)); for (;;) Deno.stderr.writeSync(line);',
  },
};

/** What holds what it took for a moment, and waits where it gets no more. */
function takeAll(take: string): string {
  return [
    'console.log("before");',
    "try {",
    take,
    'console.log("done");',
    "setTimeout(() => kept.length, 300);",
    "} catch { setInterval(() => {}, 1000); }",
  ].join("\n");
}
