import { type Attack, type AttackTable, type Control, everywhere, inNamespaces, type Step } from "./attack.ts";
import { SMUGGLING_IN_ECMASCRIPT } from "./ecmascript_attacks.ts";
import { REQUESTS } from "./request_attacks.ts";

const UNSPEAKABLE = "holds a character that Deno's permission lists cannot carry";

const COMMAS = "permission lists split at commas";
const READ_SECRET = 'console.log(Deno.readTextFileSync("{{secret}}"));';

const refused = (request: Readonly<Record<string, unknown>>): Step => ({ request, mustBeRefused: true });
const shell = (...args: readonly string[]): Step => ({ command: { type: "execute_shell", command: "deno", args } });

const LISTS: readonly Attack[] = [
  {
    name: "a comma in a path that is granted",
    mechanism: COMMAS,
    steps: [
      "/workspace/a,/",
      "/workspace/a,{{outside}}",
      ",{{outside}}",
      "/workspace/a\n{{outside}}",
      "/workspace/a\0{{outside}}",
    ]
      .flatMap((path) => [
        refused({ code: READ_SECRET, permissions: { allowRead: [path] } }),
        refused({ code: READ_SECRET, permissions: { allowWrite: [path] } }),
      ]),
  },
  {
    name: "paths outside that are asked for",
    mechanism: COMMAS,
    steps: [
      "/",
      "{{outside}}",
      "/workspace/../{{outside}}",
      "//",
      "/proc",
      "/proc/self/root",
      "--allow-all",
      "-A",
      "",
      "relative",
    ].map((path) => refused({ code: READ_SECRET, permissions: { allowRead: [path] } })),
  },
  {
    name: "a comma in a host that is granted",
    mechanism: COMMAS,
    steps: [
      ...[
        "example.com,127.0.0.1",
        "example.com\n127.0.0.1",
        "example.com 127.0.0.1",
        "*",
        "*.com",
        "http://127.0.0.1",
        "a@127.0.0.1",
      ],
      ...[
        "example.com:80,127.0.0.1:{{tcp}}",
        "127.0.0.1/8",
        "-A",
        "",
        "example.com:",
        "example.com:0",
        "example.com:80:80",
      ],
    ].map((host) => refused({ code: 'await fetch("http://127.0.0.1:{{tcp}}/");', permissions: { allowNet: [host] } })),
  },
  {
    name: "this machine's names as hosts",
    steps: [
      "127.0.0.1",
      "localhost",
      "127.1",
      "0.0.0.0",
      "2130706433",
      "0x7f000001",
      "017700000001",
      "x.localhost",
      "LOCALHOST",
      "[::1]",
      "[::ffff:127.0.0.1]",
      "169.254.169.254",
      "10.0.0.1",
    ]
      .map((host) => ({
        request: {
          code:
            `for (const host of ["127.0.0.1", "localhost"]) await fetch("http://" + host + ":{{tcp}}/").then((r) => r.text()).then(console.log, () => console.log("refused")); await fetch("http://${host}:{{tcp}}/").then(console.log, () => console.log("refused"));`,
          permissions: { allowNet: [host] },
        },
      })),
  },
  {
    name: "a comma in a variable's name that is granted",
    mechanism: COMMAS,
    steps: ["A,{{variable}}", "*", "A B", "A=B", "", "-A", "A\n", "A\0", "1A"].flatMap((name) => [
      refused({ code: "console.log(Deno.env.toObject());", permissions: { allowEnv: [name] } }),
      refused({ code: "console.log(Deno.env.toObject());", env: { [name]: "x" } }),
    ]),
  },
  {
    name: "a comma in the lists of an environment, behind the door",
    mechanism: COMMAS,
    permissions: { allowRead: ["/workspace/a,{{outside}}"] },
    code: READ_SECRET,
    refusals: {
      ...inNamespaces("programs have a file system of their own here"),
      "deno under Landlock": UNSPEAKABLE,
      "deno under Landlock, not root": UNSPEAKABLE,
      "deno as another user": UNSPEAKABLE,
      "deno with flags alone": UNSPEAKABLE,
    },
  },
];

const FLAGS: readonly Attack[] = [
  {
    name: "flags among a program's arguments",
    steps: [
      {
        code: `console.log(Deno.args); ${READ_SECRET}`,
        args: ["--allow-all", "-A", "--allow-read=/", "--", "--inspect=0.0.0.0:{{tcp}}"],
      },
      {
        request: {
          code: READ_SECRET,
          args: ["--allow-all", "--config={{outside}}/x", "--preload={{outside}}/secret.ts"],
        },
      },
      shell("run", "main.ts", "--allow-all"),
    ],
  },
  {
    name: "flags where a shell takes a program",
    files: { "main.ts": READ_SECRET },
    steps: [
      ...[
        "--allow-all",
        "-A",
        "--allow-read",
        "--preload={{outside}}/secret.ts",
        "--import-map={{outside}}/secret.json",
        "--env-file={{secret}}",
        "--v8-flags=--help",
        "--inspect-brk",
        "-",
        "--",
      ]
        .flatMap((flag) => [shell("run", flag, "main.ts"), shell("eval", flag, READ_SECRET)]),
    ],
  },
  {
    name: "Deno's other commands",
    files: { "main.ts": READ_SECRET, "main_test.ts": READ_SECRET },
    steps: [
      ...[
        "task",
        "test",
        "bench",
        "install",
        "add",
        "cache",
        "info",
        "fmt",
        "lint",
        "compile",
        "repl",
        "jupyter",
        "serve",
        "x",
        "create",
        "upgrade",
        "lsp",
        "check",
        "doc",
        "init",
        "-A",
        "--version",
      ]
        .map((command) => shell(command, "main.ts")),
      shell(),
      shell("run"),
      shell("eval"),
      shell("run", "http://127.0.0.1:{{tcp}}/x.ts"),
      shell("run", "npm:x"),
      shell("run", "{{outside}}/secret.ts"),
      shell("run", "../../../../..{{outside}}/secret.ts"),
      shell("run", "file://{{outside}}/secret.ts"),
      shell("run", "data:text/javascript,1"),
      shell("run", "main.ts\0--allow-all"),
    ],
  },
  {
    name: "other names of Deno and of a shell",
    files: { "deno": "#!/bin/sh\ncat {{secret}}\n" },
    steps: [
      "/usr/bin/deno",
      "./deno",
      "deno run",
      "deno\n",
      "DENO",
      "deno ",
      "env",
      "/proc/self/exe",
      "$(cat {{secret}})",
      ";cat {{secret}}",
    ]
      .map((command) => ({
        command: { type: "execute_shell", command, args: ["run", "-A", "main.ts", "{{secret}}"] },
      })),
  },
  {
    name: "working directories that lead out",
    steps: ["..", "/", "{{outside}}", "../..", "a/../..", "/workspace/../..", "\0"].map((workingDirectory) => ({
      command: {
        type: "execute_shell",
        command: "deno",
        args: ["eval", 'console.log(Deno.readTextFileSync("secret.txt"))'],
        workingDirectory,
      },
    })),
  },
  {
    name: "the file that holds the code of an eval",
    steps: [
      {
        code:
          'for (let i = 0; i < 50; i++) try { Deno.symlinkSync("{{outside}}/marker.txt", `$deno$eval_${i}.ts`); } catch { /* Refused. */ }',
      },
      shell("eval", 'console.log([...Deno.readDirSync(".")].length, import.meta.url);'),
      shell("eval", READ_SECRET),
      shell("eval", 'import secret from "{{outside}}/secret.ts"; console.log(secret);'),
    ],
  },
];

const CONTROLS: readonly Control[] = [
  ...everywhere<Control>([{
    name: "what a request asks for and may have goes through",
    seenBy: "accepted",
    steps: [{ request: { code: "console.log(1);", args: ["-x"], env: { MINE: "1" } }, mustBeRefused: true }],
  }]),
  {
    name: "what a request for Python asks for and may have goes through",
    language: "python",
    seenBy: "accepted",
    steps: [{ request: { code: "print(1)", args: ["-x"], env: { MINE: "1" } }, mustBeRefused: true }],
  },
];

/** Whatever a client may write, where it could be taken for something else. */
export const SMUGGLING_ATTACKS: AttackTable = {
  category: "smuggling",
  attacks: [...LISTS, ...FLAGS, ...REQUESTS, ...SMUGGLING_IN_ECMASCRIPT],
  controls: CONTROLS,
};
