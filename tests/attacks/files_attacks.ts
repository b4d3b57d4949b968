import { type Attack, type AttackTable, type Control, everywhere } from "./attack.ts";
import { FILES_IN_ECMASCRIPT } from "./ecmascript_attacks.ts";
import { LOCAL_IMPORTS } from "./local_imports.ts";

/** Up to the root from wherever a program is. */
const UP = "../".repeat(24);

const READS: readonly Attack[] = everywhere([
  {
    name: "every way to read a file",
    tries: [
      'Deno.readTextFile("{{secret}}")',
      'Deno.readFileSync("{{secret}}").toString()',
      'Deno.open("{{secret}}").then((file) => new Response(file.readable).text())',
      'fetch("file://{{secret}}").then((response) => response.text())',
      'import("node:fs").then(({ readFileSync }) => readFileSync("{{secret}}", "utf8"))',
      'import("node:fs/promises").then(({ open }) => open("{{secret}}")).then((file) => file.readFile("utf8"))',
      'import("node:fs").then(({ openAsBlob }) => openAsBlob("{{secret}}")).then((blob) => blob.text())',
      'import("node:fs").then(({ createReadStream }) => Array.fromAsync(createReadStream("{{secret}}", "utf8")))',
    ],
    trips: "secret",
  },
  {
    name: "paths that look as if they were inside",
    tries: [
      `Deno.readTextFile(Deno.cwd() + "/${UP}" + "{{secret}}")`,
      `Deno.readTextFile("${UP}" + "{{secret}}".slice(1))`,
      'Deno.readTextFile(new URL("file://localhost{{secret}}"))',
      'Deno.readTextFile("/proc/self/root{{secret}}")',
      'Deno.readTextFile("/proc/self/cwd/../../../../../../../..{{secret}}")',
      'Deno.readTextFile("/dev/fd/../../..{{secret}}")',
    ],
    trips: "secret",
  },
  {
    name: "copies of what is outside",
    tries: [
      'Deno.copyFile("{{secret}}", "copy")',
      'import("node:fs").then(({ copyFileSync }) => copyFileSync("{{secret}}", "copy"))',
      'import("node:fs").then(({ cpSync }) => cpSync("{{outside}}", "copy", { recursive: true }))',
      'Deno.rename("{{secret}}", "moved")',
      'import("node:fs").then(({ linkSync }) => linkSync("{{secret}}", "hard"))',
      'Deno.link("{{secret}}", "hard")',
      'Deno.symlink("{{secret}}", "soft").then(() => Deno.readTextFile("soft"))',
    ],
    trips: "secret",
  },
  {
    name: "directories, and what can be asked of a file without reading it",
    code: `for (const path of ["/", "/etc", "/root", "/home", "{{outside}}"]) {
        try { for (const { name } of Deno.readDirSync(path)) console.log(name); } catch { console.log("refused"); }
      }
      for (const ask of ["statSync", "lstatSync", "realPathSync"]) try { console.log(Deno[ask]("{{secret}}")); } catch { console.log("refused"); }
      await Deno.writeTextFile("names", "x");`,
  },
  {
    name: "SQLite's files and ATTACH",
    code: `import { DatabaseSync } from "node:sqlite";
      const attempts = [
        () => new DatabaseSync("{{outside}}/{{token}}.db").exec("CREATE TABLE t (x)"),
        () => new DatabaseSync("own.db").exec("ATTACH '{{outside}}/{{token}}.db' AS other; CREATE TABLE other.t (x)"),
        () => new DatabaseSync(":memory:").exec("ATTACH 'file:{{outside}}/{{token}}.db?mode=rwc' AS other; CREATE TABLE other.t (x)"),
        () => new DatabaseSync(":memory:").exec("VACUUM INTO '{{outside}}/{{token}}.db'"),
        () => new DatabaseSync("own2.db").exec("PRAGMA temp_store_directory = '{{outside}}'; PRAGMA temp_store = FILE; CREATE TEMP TABLE t AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 300000) SELECT x FROM c"),
        () => new DatabaseSync("own3.db", { allowExtension: true }).loadExtension("{{outside}}/secret.wasm"),
        () => console.log(new DatabaseSync("/proc/self/environ").prepare("SELECT * FROM sqlite_master").all()),
      ];
      for (const attempt of attempts) try { attempt(); console.log("done"); } catch (error) { console.log("refused", error.message); }`,
    trips: "outside",
  },
  {
    name: "a neighbour's workspace, by its path on this machine",
    steps: [
      {
        neighbour:
          'Deno.writeTextFileSync("mine.txt", "{{secretText}}"); Deno.chmodSync("mine.txt", 0o666); Deno.chmodSync(".", 0o777);',
      },
      {
        code: `for (const name of ["workspace/mine.txt", "tmp", "deno_dir"]) {
          try { console.log(Deno.readTextFileSync("{{neighbour}}/" + name)); } catch { console.log("refused"); }
          try { Deno.writeTextFileSync("{{neighbour}}/workspace/{{token}}", "x"); } catch { console.log("refused"); }
        }
        await import("{{neighbour}}/workspace/mine.txt", { with: { type: "text" } }).then(console.log, () => console.log("refused"));`,
      },
    ],
  },
]);

const WRITES: readonly Attack[] = everywhere([
  {
    name: "every way to write a file",
    tries: [
      'Deno.writeTextFile("{{outside}}/{{token}}", "x")',
      'Deno.writeTextFile("{{outside}}/marker.txt", "changed")',
      'Deno.open("{{outside}}/marker.txt", { append: true }).then((file) => file.write(new Uint8Array(1)))',
      'Deno.truncate("{{outside}}/marker.txt", 0)',
      'Deno.mkdir("{{outside}}/{{token}}")',
      'Deno.remove("{{outside}}/marker.txt")',
      'Deno.chmod("{{outside}}/marker.txt", 0)',
      'Deno.utime("{{outside}}/marker.txt", 0, 0)',
      'import("node:fs").then(({ appendFileSync }) => appendFileSync("{{outside}}/marker.txt", "x"))',
      'import("node:fs").then(({ mkdtempSync }) => mkdtempSync("{{outside}}/{{token}}"))',
      'import("node:fs").then(({ rmSync }) => rmSync("{{outside}}", { recursive: true }))',
    ],
    trips: "outside",
  },
  {
    name: "places where everybody may write",
    tries: ["/tmp", "/var/tmp", "/dev/shm", "/run", "/etc", "/", "/proc/self/root/var/tmp"].map((place) =>
      `Deno.writeTextFile("${place === "/" ? "" : place}/{{token}}", "x")`
    ),
  },
  {
    name: "a temporary directory elsewhere",
    tries: [
      'Deno.makeTempDir({ dir: "{{outside}}", prefix: "{{token}}" })',
      'Deno.makeTempFile({ dir: "{{outside}}", prefix: "{{token}}" })',
      'Deno.makeTempFile({ prefix: "../../../../../var/tmp/{{token}}" })',
      'Deno.makeTempDir({ dir: "/var/tmp", prefix: "{{token}}" })',
    ],
    trips: "outside",
  },
  {
    name: "files of the kernel",
    tries: [
      'Deno.readTextFile("/proc/1/environ")',
      'Deno.readTextFile("/proc/{{service}}/environ")',
      'Deno.readTextFile("/proc/{{service}}/cmdline")',
      'Deno.readTextFile("/proc/kcore")',
      'Deno.writeTextFile("/proc/{{victim}}/oom_score_adj", "1000")',
      'Deno.writeTextFile("/proc/self/oom_score_adj", "-1000")',
      'Deno.readTextFile("/proc/self/mountinfo")',
      'Deno.readTextFile("/proc/self/maps")',
    ],
  },
]);

const OTHERS: readonly Attack[] = [
  {
    name: "what a shell reaches",
    language: "shell",
    steps: [
      { shell: "cat {{secret}} {{outside}}/secret.json; cp -r {{outside}} copy; ls {{outside}}" },
      { shell: "for p in /proc/*/root /proc/*/cwd /proc/self/fd/* /proc/1/root; do cat $p{{secret}}; done" },
      {
        shell:
          "echo x > {{outside}}/{{token}}; rm -rf {{outside}}; touch /{{token}} /etc/{{token}} /usr/{{token}} /run/{{token}}",
      },
      { shell: "mount --bind /usr /workspace; mount -t tmpfs {{token}} /workspace; mknod disk b 8 0; cat disk" },
      { shell: "unshare -rm cat {{secret}}; chroot / cat {{secret}}; nsenter -t 1 -a cat {{secret}}" },
    ],
    trips: "secret",
  },
  {
    name: "what Python reaches",
    language: "python",
    code: `import os, glob, shutil
for path in ["{{secret}}", "/proc/1/root{{secret}}", "/proc/self/root{{secret}}", "/etc/shadow", *glob.glob("/proc/*/environ"), *glob.glob("/proc/*/root{{secret}}")]:
    try: print(open(path).read())
    except Exception as error: print("refused", error)
for act in [lambda: open("{{outside}}/{{token}}", "w"), lambda: open("/dev/shm/{{token}}", "w"), lambda: os.link("{{secret}}", "hard"), lambda: shutil.rmtree("{{outside}}"), lambda: open("/{{token}}", "w"), lambda: os.mknod("disk", 0o60600, os.makedev(8, 0))]:
    try: act()
    except Exception as error: print("refused", error)
`,
    trips: "secret",
  },
  {
    name: "what Node reaches",
    language: "node",
    code: `const fs = require("fs");
      for (const attempt of [() => fs.readFileSync("{{secret}}", "utf8"), () => require("{{outside}}/secret.json"), () => fs.writeFileSync("{{outside}}/{{token}}", "x"), () => fs.readFileSync("/proc/1/root{{secret}}", "utf8")])
        try { console.log(attempt()); } catch (error) { console.log("refused", error.message); }`,
    trips: "secret",
  },
];

const CONTROLS: readonly Control[] = [
  ...everywhere<Control>([
    {
      name: "the secret is read where that is granted",
      seenBy: "secret",
      permissions: { allowRead: ["{{outside}}"] },
      code: 'console.log(Deno.readTextFileSync("{{secret}}"));',
    },
    {
      name: "the marker is changed where that is granted",
      seenBy: "outside",
      permissions: { allowWrite: ["{{outside}}"] },
      code: 'Deno.writeTextFileSync("{{outside}}/marker.txt", "changed");',
    },
    {
      name: "the secret is found in a file that is left",
      seenBy: "secret",
      permissions: { allowRead: ["{{outside}}"] },
      code: 'Deno.mkdirSync("a/b", { recursive: true }); Deno.copyFileSync("{{secret}}", "a/b/copy");',
    },
  ]),
  {
    name: "a client's file is read by Python",
    language: "python",
    seenBy: "secret",
    files: { "mine.txt": "{{secretText}}" },
    code: 'print(open("mine.txt").read())',
  },
  {
    name: "the marker is changed by a program that nothing holds",
    language: "python",
    seenBy: "outside",
    steps: [{ unheld: ["python3", "-c", "open('{{outside}}/marker.txt', 'w').write('changed')"] }],
  },
];

/** Reads and writes outside the workspace. */
export const FILE_ATTACKS: AttackTable = {
  category: "files",
  attacks: [...LOCAL_IMPORTS, ...READS, ...WRITES, ...FILES_IN_ECMASCRIPT, ...OTHERS],
  controls: CONTROLS,
};
