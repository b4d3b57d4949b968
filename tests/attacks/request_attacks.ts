import type { Attack, Step } from "./attack.ts";

const READ_SECRET = 'console.log(Deno.readTextFileSync("{{secret}}"));';

const refused = (request: Readonly<Record<string, unknown>>): Step => ({ request, mustBeRefused: true });

/** Fields of requests and commands that hold what they should not. */
export const REQUESTS: readonly Attack[] = [
  {
    name: "an entry point that is no file of the request",
    steps: [
      "{{outside}}/secret.ts",
      "../secret.ts",
      "/etc/passwd",
      "--allow-all",
      "-A",
      "http://127.0.0.1:{{tcp}}/x.ts",
      "npm:x",
      "main.ts,{{outside}}",
      "main.ts\n",
      "",
    ]
      .map((entrypoint) => refused({ code: "1", entrypoint })),
  },
  {
    name: "an entry point that is a file with a flag's or a URL's name",
    steps: [
      "--allow-all",
      "-A",
      "http:/127.0.0.1/x.ts",
      "npm:x.ts",
      "data:text,1.ts",
      "a?b#c.ts",
      "a%2e%2e%2fb.ts",
      "a b.ts",
      "main.ts?{{outside}}",
    ]
      .map((entrypoint) => ({ request: { files: [{ path: entrypoint, content: READ_SECRET }], entrypoint } })),
  },
  {
    name: "files whose paths lead out",
    steps: [
      "../{{token}}",
      "/{{token}}",
      "{{outside}}/{{token}}",
      "a/../../{{token}}",
      "/workspace/../{{token}}",
      "a\0b",
      "./../{{token}}",
      "..\\{{token}}",
    ]
      .map((path) => ({ request: { code: "1", files: [{ path, content: "x" }] } })),
  },
  {
    name: "fields that are nobody's",
    steps: [
      { flags: ["--allow-all"] },
      { argv: ["sh", "-c", "cat {{secret}}"] },
      { command: "cat {{secret}}" },
      { workspaceDirectory: "{{outside}}" },
      { HostConfig: { Binds: ["/:/host"] } },
      { permissions: { all: true } },
      { permissions: { allowFfi: true } },
      { permissions: { allowRead: true } },
      { permissions: { allowRun: "yes" } },
      { permissions: { __proto__: { allowRun: true }, constructor: {} } },
      { limits: { memoryMb: "256,--allow-natives-syntax" } },
      { limits: { memoryMb: 1e9 } },
      { limits: { memoryMb: -1 } },
      { limits: { memoryMb: null } },
      { timeoutMs: 1e15 },
      { timeoutMs: -1 },
      { runtime: "native" },
      { runtime: "../../bin/sh" },
      { minIsolation: -1 },
      { minIsolation: 11 },
      { language: "sh; cat {{secret}}" },
      { env: { A: "\0B=C" } },
      { args: ["\0"] },
    ].map((field) => refused({ code: READ_SECRET, ...field })),
  },
  {
    name: "commands of a session whose paths lead out",
    steps: [
      "../secret.txt",
      "{{secret}}",
      "/workspace/../{{secret}}",
      "a/../../../..{{secret}}",
      "/proc/self/environ",
      "\0",
      "..",
      ".\\..\\x",
      "file://{{secret}}",
    ].flatMap((path) => [
      { command: { type: "read_file", path } },
      { command: { type: "copy_file", source: path, destination: "copied" } },
      { command: { type: "diff", originalPath: path, modifiedContent: "" } },
      { command: { type: "list_directory", path } },
    ]),
  },
  {
    name: "commands of a session that write where paths lead",
    steps: ["../{{token}}", "{{outside}}/marker.txt", "/{{token}}", "a/../../{{token}}"].flatMap((path) => [
      { command: { type: "write_file", path, content: "changed" } },
      { command: { type: "create_directory", path } },
      { command: { type: "delete_file", path, recursive: true } },
      { command: { type: "move_file", source: "main.ts", destination: path } },
      { command: { type: "apply_patch", patch: `--- a/${path}\n+++ b/${path}\n@@ -1 +1 @@\n-unchanged\n+changed\n` } },
      { command: { type: "apply_patch", patch: `--- /dev/null\n+++ b/${path}\n@@ -0,0 +1 @@\n+changed\n` } },
    ]),
  },
  {
    name: "packages that are no packages",
    steps: [
      "{{outside}}",
      "file:{{outside}}",
      "http://127.0.0.1:{{tcp}}/x.tgz",
      "--global",
      "-A",
      "npm:x",
      "git+http://127.0.0.1:{{tcp}}/x",
      "x@file:{{outside}}",
      "../x",
      "x --allow-scripts",
    ]
      .map((name) => ({ command: { type: "install_packages", packages: [name] } })),
  },
];
