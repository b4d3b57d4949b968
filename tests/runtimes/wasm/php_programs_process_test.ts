import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { wasm } from "../../../src/runtimes/wasm/entry.ts";
import { isPresent, testedAvailability } from "../../support/requirements.ts";
import { openRuntime } from "../../support/runtime_host.ts";
import { runtimeOf } from "../../support/runtime_of.ts";
import { SHORT_PROGRAMS } from "../native/short_programs.ts";
import { runInLanguage } from "./run_in_language.ts";

// What is PHP's own of the runtime; the suite has what every runtime promises.

const { runtime } = await openRuntime((host) => runtimeOf(wasm, host));
const ignore = !isPresent("wasm/php", await testedAvailability(runtime, "php"));
const run = (code: string, options: Partial<Parameters<typeof runInLanguage>[1]> = {}) =>
  runInLanguage(runtime, { language: "php", code: `<?php\n${code}`, ...options });

/** Programs by what they show, with what they print, the end of what they print on stderr, and their exit code. */
const ENDINGS: Readonly<Record<string, readonly [code: string, stdout: string, stderr: string, exitCode: number]>> = {
  "an exit code is taken modulo 256": ["exit(300);", "", "", 44],
  "an exit with words prints them": ['exit("words");', "words", "", 0],
  "functions see the end, and objects after them": [
    'register_shutdown_function(function () { echo "shutdown\\n"; });\nclass A { function __destruct() { echo "gone\\n"; } }\n$a = new A;',
    "shutdown\ngone\n",
    "",
    0,
  ],
  "an error that nothing catches names its own lines": [
    'function fail() { throw new LogicException("wrong"); }\nfail();',
    "",
    "#0 /workspace/main.php(3): fail()\n#1 {main}\n  thrown in /workspace/main.php on line 2\n",
    255,
  ],
  "a syntax error names its line": [
    "echo 1;\nfunction broken( {",
    "",
    'Parse error: syntax error, unexpected token "{", expecting variable in /workspace/main.php on line 3\n',
    255,
  ],
  "output is written at once, and streams have no end of their own": [
    'echo "a\\0b"; fwrite(STDERR, "c\\0d"); file_put_contents("php://stdout", "e"); print("f");',
    "a\0bef",
    "c\0d",
    0,
  ],
  "a limit of memory that a program sets itself is its own error": [
    'ini_set("memory_limit", "4M");\nstr_repeat("x", 8 << 20);',
    "",
    "bytes exhausted (tried to allocate 8388632 bytes) in /workspace/main.php on line 3\n",
    255,
  ],
  "a program that sleeps goes on": ["usleep(20000); echo sleep(0);", "0", "", 0],
  "other programs are refused as functions that are not there": [
    'try { exec("echo 1"); } catch (Error $error) { echo $error->getMessage(); }\nvar_dump(function_exists("proc_open"));',
    "Call to undefined function exec()bool(false)\n",
    "",
    0,
  ],
  "the modules of many programs are there": [
    'echo implode(" ", array_intersect(["json", "mbstring", "pcre", "pdo_sqlite", "SimpleXML", "zlib", "openssl"], get_loaded_extensions()));',
    "json mbstring pcre pdo_sqlite SimpleXML zlib openssl",
    "",
    0,
  ],
};

for (const [title, [code, stdout, stderr, exitCode]] of Object.entries(ENDINGS)) {
  Deno.test({
    name: `[wasm] php: ${title}`,
    ignore,
    async fn() {
      const { ended } = await run(code);
      const lastWords = stderr === "" ? ended[1] : ended[1].slice(-stderr.length);
      assertEquals([ended[0], lastWords, ended[2]], [stdout, stderr, exitCode]);
    },
  });
}

Deno.test({
  name: "[wasm] php: a program of several files is given stdin, arguments, variables and files",
  ignore,
  async fn() {
    const { code = "", files } = SHORT_PROGRAMS.php ?? {};
    const { ended } = await runInLanguage(runtime, {
      language: "php",
      code,
      files: { ...files, "data.txt": "a file" },
      args: ["one two", "three"],
      env: { GIVEN: "a variable" },
      stdin: "some input",
    });
    assertEquals(ended, ["one two|three\na variable\na file\nsome input\n", "", 7]);
  },
});

Deno.test({
  name: "[wasm] php: SQLite keeps a database in the workspace",
  ignore,
  async fn() {
    const { ended } = await run([
      '$database = new PDO("sqlite:kept.db");',
      '$database->exec("create table t (n); insert into t values (40), (2)");',
      "unset($database);",
      'echo (new PDO("sqlite:kept.db"))->query("select sum(n) from t")->fetchColumn();',
    ].join("\n"));
    assertEquals(ended, ["42", "", 0]);
  },
});

/** Ways to a file of the host, each an expression. */
const WAYS = [
  "file_get_contents($path)",
  'file_get_contents("/workspace/../..$path")',
  'file_get_contents("php://filter/read=string.rot13/resource=$path")',
  'file_get_contents("/proc/self/root$path")',
  "implode(file($path))",
  'symlink($path, "own") . file_get_contents("own")',
  'link($path, "own") . file_get_contents("own")',
  'rename($path, "own") . file_get_contents("own")',
  'copy($path, "own") . file_get_contents("own")',
  "include $path",
  'chdir("/") . file_get_contents(substr($path, 1))',
  'implode(scandir("/proc")) . file_get_contents("/proc/self/environ")',
  'implode(glob("/etc/*")) . implode(scandir("glob:///etc/*"))',
];

Deno.test({
  name: "[wasm] php: no way leads to a file of the host, or writes beside the workspace",
  ignore,
  async fn() {
    const directory = await Deno.makeTempDir();
    await using _directory = { [Symbol.asyncDispose]: () => Deno.remove(directory, { recursive: true }) };
    await Deno.chmod(directory, 0o777);
    const secret = `${directory}/secret`;
    await Deno.writeTextFile(secret, "the secret");
    await Deno.chmod(secret, 0o666);
    const tries = WAYS.map((way) => `try { echo @(${way}); } catch (Error $error) {}`);
    const { ended: [stdout, , end] } = await run([`$path = "${secret}";`, ...tries, 'echo "end";'].join("\n"));
    assertEquals(end, 0);
    assertMatch(stdout, /end$/);
    assertEquals(/secret|frperg|PATH=|hostname/.test(stdout), false, stdout);
    const { denials, ended } = await run(`var_dump(@file_put_contents("${directory}/other", "x"));`);
    assertStringIncludes(ended[0], "bool(false)");
    assertEquals(denials, []); // There is no such directory for PHP.
    const { denials: reported } = await run('var_dump(@mkdir("/beside"), @file_put_contents("/etc-new", "x"));');
    assertEquals(reported.map(({ kind, target }) => [kind, target]), [["write", "/beside"], ["write", "/etc-new"]]);
    assertEquals([await Deno.readTextFile(secret), [...Deno.readDirSync(directory)].length], ["the secret", 1]);
  },
});
