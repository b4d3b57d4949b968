import { alike, type Attack, type AttackTable, type Control, everywhere, type Step } from "./attack.ts";
import { CONFIGURATION_IN_ECMASCRIPT } from "./ecmascript_attacks.ts";

const CONFIGURATION = "configuration in the workspace";
const TASK = "an entry that is a task's or a flag's name";

/** Runs a program again, after it has left something for its next run. */
const AGAIN: Step = { command: { type: "execute_shell", command: "deno", args: ["run", "main.ts"] } };

/** A configuration that is uploaded beside a program, and one that a program leaves for the next. */
function planted(
  name: string,
  { files, code, trips }: Pick<Attack, "files" | "trips"> & { readonly code: string },
): readonly Attack[] {
  const leave = `for (const [path, text] of ${JSON.stringify(Object.entries(files ?? {}))}) {
    Deno.mkdirSync(new URL(".", "file:///" + path).pathname.slice(1) || ".", { recursive: true });
    Deno.writeTextFileSync(path, text);
  }`;
  return alike([
    { name, mechanism: CONFIGURATION, files: files ?? {}, code, ...(trips === undefined ? {} : { trips }) },
    { name: `${name}, left by a program`, mechanism: CONFIGURATION, steps: [{ code: leave }, { code }] },
  ]);
}

const json = (value: unknown) => JSON.stringify(value);
const REGISTRY = "registry=http://127.0.0.1:{{tcp}}/\n//127.0.0.1:{{tcp}}/:_authToken=${PATH}\n";

const ATTACKS: readonly Attack[] = [
  ...planted("an import map that leads out", {
    files: { "deno.json": json({ imports: { "stolen": "{{outside}}/secret.ts", "./x.ts": "{{outside}}/secret.ts" } }) },
    code: 'import stolen from "stolen"; console.log(stolen);',
    trips: "secret",
  }),
  ...planted("unstable features, which import any file as bytes", {
    files: { "deno.json": json({ unstable: ["raw-imports", "worker-options", "ffi", "fs"] }) },
    code: 'import secret from "{{secret}}" with { type: "bytes" }; console.log(new TextDecoder().decode(secret));',
    trips: "secret",
  }),
  ...planted("permissions of its own", {
    files: {
      "deno.json": json({ permissions: { default: { all: true, read: true, write: true, net: true, run: true } } }),
    },
    code: 'console.log(Deno.readTextFileSync("{{secret}}"));',
  }),
  ...planted("a registry of its own", {
    files: {
      ".npmrc": REGISTRY,
      "sub/.npmrc": REGISTRY,
      "deno.json": json({ nodeModulesDir: "auto" }),
      "package.json": json({ dependencies: { planted: "1" } }),
    },
    code: 'await import("npm:planted@1").then(console.log, (error) => console.log("refused", error.message));',
    trips: "connection",
  }),
  ...planted("lifecycle scripts", {
    files: {
      "deno.json": json({
        nodeModulesDir: "auto",
        allowScripts: true,
        tasks: { install: "touch {{outside}}/{{token}}" },
      }),
      "package.json": json({
        dependencies: { planted: "file:./planted" },
        scripts: { preinstall: "touch {{outside}}/{{token}}", postinstall: "touch {{outside}}/{{token}}" },
      }),
      "planted/package.json": json({
        name: "planted",
        version: "1.0.0",
        scripts: { postinstall: "touch {{outside}}/{{token}}" },
      }),
    },
    code: 'await import("planted").then(console.log, (error) => console.log("refused", error.message));',
  }),
  ...planted("modules of another place in node_modules", {
    files: {
      "node_modules/planted/package.json": json({ name: "planted", main: `${"../".repeat(20)}{{secret}}` }),
      "node_modules/planted/index.js": 'module.exports = require("{{outside}}/secret.json");',
      "package.json": json({ dependencies: { planted: "1" } }),
    },
    code: `await import("planted").then(console.log, () => console.log("refused"));
      const { createRequire } = await import("node:module");
      for (const name of ["planted", "planted/index.js"]) try { console.log(createRequire(import.meta.url)(name)); } catch { console.log("refused"); }`,
  }),
  ...planted("compiler options, a lock and other tools' files", {
    files: {
      "deno.json": json({
        lock: "{{outside}}/{{token}}.lock",
        importMap: "{{outside}}/secret.json",
        compilerOptions: { types: ["{{outside}}/secret.ts"], jsxImportSource: "http://127.0.0.1:{{tcp}}" },
        vendor: true,
        links: ["{{outside}}"],
        workspace: ["{{outside}}"],
      }),
      "deno.lock": json({ version: "5", redirects: { "https://a.example/": "http://127.0.0.1:{{tcp}}/" }, remote: {} }),
      "tsconfig.json": json({ extends: "{{outside}}/secret.json", compilerOptions: { rootDir: "/" } }),
      "jsr.json": json({ name: "@a/b", imports: { x: "{{outside}}/secret.ts" } }),
      "import_map.json": json({ imports: { x: "{{outside}}/secret.ts" } }),
      "bunfig.toml": 'preload = ["{{outside}}/secret.ts"]\n',
      ".env": "LD_PRELOAD={{outside}}/x.so\nDENO_V8_FLAGS=--allow-natives-syntax\n",
      "element.tsx": "export const element = <div />;",
    },
    code:
      `for (const name of ["x", "./element.tsx", "https://a.example/"]) await import(name).then(console.log, () => console.log("refused"));
      console.log(Deno.env.toObject());`,
  }),
  {
    name: "configuration above the workspace",
    mechanism: CONFIGURATION,
    code:
      `for (const path of ["../deno.json", "../../deno.json", "/deno.json", "/tmp/deno.json", "../package.json", "../.npmrc"])
        try { Deno.writeTextFileSync(path, '{ "imports": { "stolen": "{{outside}}/secret.ts" } }'); console.log("wrote", path); } catch { console.log("refused"); }`,
    steps: [{ code: 'await import("stolen").then(console.log, () => console.log("refused"));' }, AGAIN],
  },
  {
    name: "a task in place of a program",
    mechanism: TASK,
    files: { "deno.json": json({ tasks: { start: "cat {{secret}} && touch {{outside}}/{{token}}" } }) },
    steps: [
      { command: { type: "execute_shell", command: "deno", args: ["run", "start"] } },
      { command: { type: "execute_shell", command: "deno", args: ["task", "start"] } },
      { command: { type: "execute_shell", command: "deno", args: ["run", "./start"] } },
      {
        request: {
          files: [{ path: "deno.json", content: json({ tasks: { start: "cat {{secret}}" } }) }],
          entrypoint: "start",
        },
      },
    ],
  },
  {
    name: "a script of package.json in place of a program",
    mechanism: TASK,
    files: {
      "package.json": json({ scripts: { "main.ts": "cat {{secret}}", start: "cat {{secret}}" } }),
      "main.ts": "1",
    },
    steps: [AGAIN, { command: { type: "execute_shell", command: "deno", args: ["run", "start"] } }],
  },
  {
    name: "a program that is called like a flag",
    mechanism: TASK,
    files: { "--allow-all": 'console.log(Deno.readTextFileSync("{{secret}}"));', "-A": "1" },
    steps: [
      { command: { type: "execute_shell", command: "deno", args: ["run", "--allow-all", "main.ts"] } },
      { command: { type: "execute_shell", command: "deno", args: ["run", "-A", "--allow-all"] } },
      { command: { type: "execute_shell", command: "deno", args: ["run", "./--allow-all"] } },
      {
        request: {
          files: [{ path: "--allow-all", content: 'console.log(Deno.readTextFileSync("{{secret}}"));' }],
          entrypoint: "--allow-all",
        },
      },
    ],
  },
  {
    name: "Deno's own directory, which is written for the next program",
    mechanism: CONFIGURATION,
    code:
      `for (const path of ["../deno_dir/x", "/codebeaker/deno_dir/x", Deno.env.get("DENO_DIR") + "/x", "/codebeaker/start.js", "/codebeaker/deno"])
        try { Deno.writeTextFileSync(path, 'console.log("{{secretText}}")'); } catch (error) { console.log("refused"); }`,
    steps: [{ code: "console.log(1);" }],
  },
];

const CONTROLS: readonly Control[] = [
  ...everywhere<Control>([{
    name: "a module of the workspace is imported",
    seenBy: "secret",
    files: { "lib/mine.ts": 'export default "{{secretText}}";' },
    code: 'import mine from "./lib/mine.ts"; console.log(mine);',
  }]),
  {
    name: "a module of the workspace is imported by Python",
    language: "python",
    seenBy: "secret",
    files: { "mine.py": 'SECRET = "{{secretText}}"' },
    code: "import mine; print(mine.SECRET)",
  },
];

/** What Deno, npm and others read as configuration where they find it. */
export const CONFIGURATION_ATTACKS: AttackTable = {
  category: "configuration",
  attacks: [...ATTACKS, ...CONFIGURATION_IN_ECMASCRIPT],
  controls: CONTROLS,
};
