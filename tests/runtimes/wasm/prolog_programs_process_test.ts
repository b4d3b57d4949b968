import { assertEquals, assertMatch } from "@std/assert";
import { create } from "../../../src/runtimes/wasm/mod.ts";
import { isPresent, testedAvailability } from "../../support/requirements.ts";
import { openRuntime } from "../../support/runtime_host.ts";
import { type LanguageProgram, runInLanguage } from "./run_in_language.ts";

// What is Prolog's own of the runtime; the suite has what every runtime promises.

const { runtime } = await openRuntime(create);
const ignore = !isPresent("wasm/prolog", await testedAvailability(runtime, "prolog"));
const run = (program: Omit<LanguageProgram, "language">) => runInLanguage(runtime, { language: "prolog", ...program });

interface Ending extends Omit<LanguageProgram, "language"> {
  readonly stdout?: string;
  readonly stderr?: RegExp;
  readonly exitCode: number;
}

/** Programs by what they show. */
const ENDINGS: Readonly<Record<string, Ending>> = {
  "an exit code is taken modulo 256": { code: ":- halt(300).", exitCode: 44 },
  "a main goal gets the arguments": {
    code: ":- initialization(main, main).\nmain(Args) :- print(Args), nl.",
    args: ["a", "b c", "it's \\ é\n"],
    stdout: "[a,'b c','it\\'s \\\\ é\\n']\n",
    exitCode: 0,
  },
  "a goal of the start that fails": {
    code: ":- initialization(main).\nmain :- fail.",
    stderr: /^Warning: .*main\.prolog:1: Initialization goal failed\n$/,
    exitCode: 1,
  },
  "a main goal that fails": {
    code: ":- initialization(main, main).\nmain :- fail.",
    stderr: /Initialization goal failed\n$/,
    exitCode: 1,
  },
  "a main goal that raises an error": {
    code: ":- initialization(main, main).\nmain :- _ is foo + 1.",
    stderr: /Initialization goal raised exception:\nERROR: .*`foo\/0' is not a function\n$/,
    exitCode: 1,
  },
  "a directive that fails does not end the program": {
    code: ":- fail.\n:- writeln(next).",
    stdout: "next\n",
    stderr: /^Warning: \/workspace\/main\.prolog:1:\nWarning: .*Goal \(directive\) failed/,
    exitCode: 1,
  },
  "what is thrown and is no error": { code: ":- throw(ball).", stderr: /Unhandled exception: .*ball\n$/, exitCode: 1 },
  "a syntax error tells its line": { code: "a.\nb :- (.\n", stderr: /main\.prolog:2:\d+: Syntax error/, exitCode: 1 },
  "warnings are no failure": {
    code: "p(X) :- q(Y).\nq(1).\n:- p(2).",
    stderr: /^Warning: \/workspace\/main\.prolog:1:\nWarning: .*Singleton variables: \[X,Y\]\n$/,
    exitCode: 0,
  },
  "a goal at the end runs": {
    code: ":- at_halt(writeln(end)).\n:- writeln(first).",
    stdout: "first\nend\n",
    exitCode: 0,
  },
  "there is no prompt, and terms are read from stdin": {
    code: ":- read(X), writeln(X), read_term(user_input, Y, []), print(Y), nl.",
    stdin: "foo(bar).\n'é'.",
    stdout: "foo(bar)\né\n",
    exitCode: 0,
  },
  "constraints, grammars and JSON are libraries": {
    code: ":- use_module(library(clpfd)).\n:- use_module(library(dcg/basics)).\n" +
      ":- X in 1..9, X * X #= 49, writeln(X), phrase(integer(N), `42`), writeln(N).",
    stdout: "7\n42\n",
    exitCode: 0,
  },
  "files beside the program are modules": {
    code: ":- use_module(helper).\n:- greet.",
    files: { "helper.pl": ":- module(helper, [greet/0]).\ngreet :- writeln(hello)." },
    stdout: "hello\n",
    exitCode: 0,
  },
  "files are read, changed and moved": {
    code: [
      "write_to(Path, Text) :- open(Path, write, File), write(File, Text), close(File).",
      ":- write_to(a, one), rename_file(a, b), \\+ exists_file(a), read_file_to_string(b, one, []) ; true.",
      ":- open(b, append, File), write(File, more), close(File), size_file(b, 7).",
      ":- make_directory_path('d/e'), write_to('d/e/f', deep), directory_files('d/e', Names), memberchk(f, Names).",
      ":- delete_file('d/e/f'), delete_directory('d/e'), \\+ exists_directory('d/e').",
      ":- tmp_file_stream(text, Path, File), close(File), sub_atom(Path, 0, _, _, '/tmp/').",
      ":- catch(open('/etc/passwd', read, _), error(existence_error(_, _), _), true).",
      ":- catch(write_to('/home/x', x), error(permission_error(_, _, _), _), true).",
      ":- writeln(done).",
    ].join("\n"),
    stdout: "done\n",
    exitCode: 0,
  },
  "other programs and threads are errors": {
    code: [
      "fails(Goal) :- catch((Goal, writeln(Goal)), error(Kind, _), (functor(Kind, Name, _), writeln(Name))).",
      ":- fails(shell(true)), fails(shell('exit 3', _)), fails(thread_create(true, _)).",
      ":- shell(true).",
    ].join("\n"),
    stdout: "system_error\nsystem_error\nexistence_error\n",
    stderr: /main\.prolog:3:\nERROR: .*There are no other programs/,
    exitCode: 1,
  },
  "a sleep takes no processor time": {
    code: ":- sleep(1.5), writeln(slept).",
    limits: { cpuMs: 700 },
    stdout: "slept\n",
    exitCode: 0,
  },
  "a recursion without an end is an error where memory allows it": {
    code: ":- set_prolog_flag(stack_limit, 2000000).\np(X) :- p(s(X)), true.\n:- p(0).",
    stderr: /Stack limit \(1\.9Mb\) exceeded/,
    exitCode: 1,
  },
};

for (const [title, { exitCode, stderr = /^$/, stdout = "", ...program }] of Object.entries(ENDINGS)) {
  Deno.test({
    name: `[wasm] prolog: ${title}`,
    ignore,
    async fn() {
      const { ended } = await run(program);
      assertEquals([ended[0], ended[2]], [stdout, exitCode], ended[1]);
      assertMatch(ended[1], stderr);
    },
  });
}

Deno.test({
  name: "[wasm] prolog: no two programs draw the same random numbers",
  ignore,
  async fn() {
    const code = ":- random(X), random_between(0, 1000000000000, Y), print([X, Y]).";
    const [first, second] = [await run({ code }), await run({ code })];
    assertMatch(first.stdout, /^\[0\.\d+,\d+\]$/);
    assertEquals(first.stdout === second.stdout, false);
  },
});
