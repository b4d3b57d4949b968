import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { runProgram } from "../../src/commands/mod.ts";
import type { Outcome } from "../../src/core/execution.ts";
import { DEFAULT_LIMITS, type Limits } from "../../src/core/limits.ts";
import type { ExecutionEnvironment } from "../../src/runtimes/port.ts";
import { create } from "../../src/runtimes/wasm/mod.ts";
import { encodeTar } from "../../src/workspace/archive/tar.ts";
import { configureEnvironment } from "../support/configure_environment.ts";
import { DIALECTS } from "../support/dialects/mod.ts";
import { isPresent, testedAvailability } from "../support/requirements.ts";
import { openRuntime } from "../support/runtime_host.ts";

// What hostile programs try in languages whose interpreter is a module: nothing outside is read or changed, everything ends as its
// limits say, and in the environment of all of a language's attacks an honest program runs afterwards. Python runs the whole list
// of attacks elsewhere.

const SECRET = "the secret of the host";
/** The clock starts when the interpreter has. */
const LOOPS = { ends: "timed_out", limits: { timeoutMs: 300 } } as const;
const FLOODS = { ends: "output_limit", limits: { maxTotalOutputBytes: 2_000_000, maxOutputBytes: 1_000 } } as const;

/** An attack: its code, where `{{file}}` is a file of the host to which the link `planted` leads, and how it ends. */
interface LanguageAttack {
  readonly name: string;
  readonly code: string;
  readonly ends: Outcome["kind"];
  readonly limits?: Partial<Limits>;
}

const ATTACKS: Readonly<Record<string, readonly LanguageAttack[]>> = {
  ruby: [
    {
      name: "paths out of the workspace",
      ends: "exited",
      code: `paths = ["{{file}}", "planted", "..{{file}}", "/workspace/../../../..{{file}}", "/proc/self/environ"]
paths += ["/tmp/../{{file}}", "file://{{file}}"]
tries = [->(path) { print File.read(path) }, ->(path) { File.write(path, "changed") }, ->(path) { File.delete(path) }]
tries << ->(path) { File.rename(path, "mine"); print File.read("mine") } << ->(path) { File.chmod(0o777, path) }
tries << ->(path) { File.symlink(path, "link"); print File.read("link") }
tries << ->(path) { File.link(path, "hard"); print File.read("hard") } << ->(path) { print Dir.children(File.dirname(path)) }
paths.each { |path| tries.each { |try| try.call(path) rescue NotImplementedError } }`,
    },
    {
      name: "descriptors that are not its own",
      ends: "exited",
      code: `(3..200).each { |fd| print IO.for_fd(fd, autoclose: false).read rescue nil }`,
    },
    { name: "a pattern that is tried for ever", ...LOOPS, code: `/(a+)+\\1$/ =~ "a" * 60 + "b"` },
    {
      name: "a loop in the interpreter",
      ...LOOPS,
      code: `1.upto(Float::INFINITY).lazy.select { false }.first`,
    },
    { name: "a handler of the end that stays", ...LOOPS, code: `at_exit { loop {} }` },
    {
      name: "an error whose message stays",
      ...LOOPS,
      code: `class E < RuntimeError\n  def message = loop {}\nend\nraise E`,
    },
    { name: "memory that doubles", ends: "memory_limit", code: `text = "x" * 1_000_000\nloop { text << text }` },
    { name: "output from a handler of the end", ...FLOODS, code: `at_exit { loop { $stdout.syswrite("x" * 65536) } }` },
    {
      name: "words of the service on stderr",
      ends: "exited",
      code: `$stderr.write("\\0\\a\\x040\\0", "\\0\\a\\x01\\0")`,
    },
  ],
  php: [
    {
      name: "paths out of the workspace",
      ends: "exited",
      code:
        `<?php $paths = ["{{file}}", "planted", "..{{file}}", "/workspace/../../../..{{file}}", "/proc/self/environ"];
array_push($paths, "/tmp/../{{file}}", "file://{{file}}", "php://filter/resource={{file}}", "/dev/fd/3", "php://fd/4");
foreach ($paths as $path) {
  echo @file_get_contents($path); @file_put_contents($path, "changed"); @chmod($path, 0777);
  @symlink($path, "link"); echo @file_get_contents("link"); @link($path, "hard"); echo @file_get_contents("hard");
  echo implode(@scandir(dirname($path)) ?: []); @rename($path, "mine"); echo @file_get_contents("mine"); @unlink($path);
}`,
    },
    {
      name: "a pattern that is tried for ever",
      ...LOOPS,
      code:
        `<?php ini_set("pcre.backtrack_limit", "-1"); ini_set("pcre.jit", "0"); for (;;) preg_match("/(a+)+$/", str_repeat("a", 60) . "b");`,
    },
    {
      name: "a loop in a function of the interpreter",
      ...LOOPS,
      code: `<?php iterator_count((function () { for (;;) yield 1; })());`,
    },
    {
      name: "a destructor that stays",
      ...LOOPS,
      code: `<?php class A { function __destruct() { for (;;); } } $a = new A;`,
    },
    {
      name: "a function of the end that stays",
      ...LOOPS,
      code: `<?php register_shutdown_function(function () { for (;;); });`,
    },
    {
      name: "a handler of errors that stays",
      ...LOOPS,
      code: `<?php set_exception_handler(function () { for (;;); }); throw new Exception("x");`,
    },
    { name: "a sleep that is begun again", ...LOOPS, code: `<?php for (;;) sleep(1000);` },
    {
      name: "memory that doubles",
      ends: "memory_limit",
      code: `<?php $text = str_repeat("x", 1000000); for (;;) $text .= $text;`,
    },
    {
      name: "output from a function of the end",
      ...FLOODS,
      code: `<?php register_shutdown_function(function () { for (;;) fwrite(STDERR, str_repeat("x", 65536)); });`,
    },
    {
      name: "words of the service on stderr",
      ends: "exited",
      code: `<?php fwrite(STDERR, "\\0\\x07\\x040\\0" . "\\0\\x07\\x01\\0");`,
    },
  ],
  prolog: [
    {
      name: "paths out of the workspace",
      ends: "exited",
      code: `try(Goal) :- catch((Goal -> true ; true), _, true).
show(Path) :- open(Path, read, File), read_string(File, _, Text), write(Text), close(File).
change(Path) :- open(Path, write, File), write(File, changed), close(File).
path("{{file}}"). path(planted). path("..{{file}}"). path("/workspace/../../../..{{file}}").
path("/proc/self/environ"). path("/tmp/../{{file}}").
:- forall(path(Path), (try(show(Path)), try(change(Path)), try(delete_file(Path)),
     try((rename_file(Path, mine), show(mine))), try((link_file(Path, link, symbolic), show(link))))).`,
    },
    {
      name: "scripts in its process",
      ends: "exited",
      code: `try(Script) :- catch(js_run_script(Script), _, true).
:- try("try { Deno.writeTextFileSync('{{file}}', 'changed') } catch {}").
:- try("try { Deno.stdout.writeSync(Deno.readFileSync('{{file}}')) } catch {}").
:- try("try { Deno.symlinkSync('{{file}}', '/workspace/out'); Deno.stdout.writeSync(Deno.readFileSync('/workspace/out')) } catch {}").
:- try("try { new Deno.Command('/bin/cat', { args: ['{{file}}'] }).outputSync() } catch {}").`,
    },
    { name: "backtracking without an end", ...LOOPS, code: `p(_) :- fail.\n:- between(1, inf, N), p(N).` },
    {
      name: "a number that is computed for ever",
      ...LOOPS,
      code: `:- X is 2 ** 100000, repeat, _ is X ** 30, fail.`,
    },
    { name: "a script that loops", ...LOOPS, code: `:- js_run_script("for (;;);").` },
    { name: "a goal of the end that stays", ...LOOPS, code: `:- at_halt((repeat, fail)).` },
    { name: "a stack without an end", ends: "memory_limit", code: `p(X) :- p(s(X)), true.\n:- p(0).` },
    {
      name: "output on stderr",
      ...FLOODS,
      code: `:- format(string(X), "~*c", [100000, 0'x]), repeat, writeln(user_error, X), fail.`,
    },
  ],
};

const { runtime } = await openRuntime(create);
for (const [language, attacks] of Object.entries(ATTACKS)) {
  if (!isPresent(`wasm/${language}`, await testedAvailability(runtime, language))) continue;
  Deno.test(`[wasm] holds the attacks in ${language}`, async (test) => {
    await using environment = await runtime.createEnvironment(configureEnvironment(language));
    for (const attack of attacks) {
      await test.step(attack.name, () => attempt(environment, attack));
    }
    await test.step("an honest program runs behind them", async () => {
      assertEquals((await run(environment, DIALECTS[language]?.hello ?? "")).stdout, "hello\n");
    });
  });
}

async function attempt(environment: ExecutionEnvironment, { code, ends, limits = {} }: LanguageAttack): Promise<void> {
  const directory = await Deno.makeTempDir();
  const file = join(directory, "file.txt");
  try {
    await Deno.chmod(directory, 0o777);
    await Deno.writeTextFile(file, SECRET);
    await Deno.chmod(file, 0o666);
    await environment.files.unpack(encodeTar(plant(file)));
    const result = await run(environment, code.replaceAll("{{file}}", file), limits);
    assertEquals(result.outcome.kind, ends, JSON.stringify(result));
    assert(!`${result.stdout}${result.stderr}`.includes(SECRET), JSON.stringify(result));
    assert(!/ext:|codebeaker/.test(result.stderr), result.stderr); // Nothing of the process around it.
    assertEquals(await Deno.readTextFile(file), SECRET);
    assertEquals([...Deno.readDirSync(directory)].map(({ name }) => name), ["file.txt"]);
    for (const { path } of (await environment.files.list(".", { maxDepth: 1 })).children ?? []) {
      await environment.files.delete(path, { recursive: true });
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function run(environment: ExecutionEnvironment, code: string, limits: Partial<Limits> = {}) {
  await environment.files.write(environment.mainFile(), new TextEncoder().encode(code));
  const options = { limits: { ...DEFAULT_LIMITS, ...limits }, env: {}, stdin: "" };
  return await runProgram(environment, { kind: "file", path: environment.mainFile(), args: [] }, options);
}

async function* plant(target: string) {
  yield { path: "planted", type: "symlink", target, mode: 0o777, modifiedMs: 0 } as const;
}
