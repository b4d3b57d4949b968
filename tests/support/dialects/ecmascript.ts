import type { Dialect } from "./dialect.ts";

/** ECMAScript with the `Deno` namespace, which may run without the permission to start processes. */
export const ecmascript: Dialect = {
  hello: 'console.log("hello");',
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
  writeHugeFile: (path) =>
    `const file = Deno.openSync(${
      JSON.stringify(path)
    }, { create: true, write: true }); for (;;) file.writeSync(new Uint8Array(1e6));`,
  printIsMain: 'console.log(import.meta.main ? "main" : "not main");',
  connect: (port) => `await Deno.connect({ hostname: "127.0.0.1", port: ${port} }); console.log("connected");`,
};
