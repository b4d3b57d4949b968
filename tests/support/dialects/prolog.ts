import type { Dialect } from "./dialect.ts";

/** Keeps a copy. */
const KEEP = 'nb_getval(base, Base), string_concat(Base, "1", Text), assertz(kept(Text))';

/** Prolog as SWI-Prolog speaks it. A string of JSON is one of Prolog's, as no text here holds control characters. */
export const prolog: Dialect = {
  hello: ":- writeln(hello).",
  echoStdin: ":- set_stream(user_input, encoding(octet)), set_stream(user_output, encoding(octet)),\n" +
    "   copy_stream_data(user_input, user_output).",
  printArgs: ":- current_prolog_flag(argv, Args), atomic_list_concat(Args, '|', Text), writeln(Text).",
  printVariable: (name) => `:- getenv(${JSON.stringify(name)}, Value) -> writeln(Value) ; writeln(none).`,
  exitWith: (code) => `:- halt(${code}).`,
  failOnLine3: (message) => `% one\n% two\n:- throw(error(domain_error(fine, ${JSON.stringify(message)}), _)).`,
  spin: ":- repeat, fail.",
  sleep: ':- write("ready\\n"), flush_output, sleep(1000).',
  ignoreSigterm: ':- write("ready\\n"), flush_output, sleep(1000).', // No signal reaches a program.
  floodStdout: ':- format(string(Text), "~*c", [65536, 0\'x]), repeat, write(Text), fail.',
  writeSingleBytes: (count) =>
    `:- forall(between(1, ${count}, N), (Code is 97 + (N - 1) mod 26, format("~c", [Code]), flush_output)).`,
  halfCharacter:
    ':- set_stream(user_output, encoding(octet)), format("ok~c~c", [0xe2, 0x82]), flush_output, sleep(1000).',
  allocateForEver: `${makeBase(1_000_000)}\n:- repeat, ${KEEP}, fail.`,
  writeFile: (path, text) =>
    `:- open(${JSON.stringify(path)}, write, File), write(File, ${JSON.stringify(text)}), close(File).`,
  printFile: (path) =>
    `:- open(${JSON.stringify(path)}, read, File, [type(binary)]), set_stream(user_output, encoding(octet)),\n` +
    "   copy_stream_data(File, user_output).",
  printIsMain: ":- initialization(main, main).\nmain :- writeln(main).",
  connect: (port) => `:- use_module(library(socket)).\n:- tcp_connect('127.0.0.1':${port}, _, []), writeln(connected).`,
  reach: (hosts) =>
    [
      `:- forall(member(Host, ${JSON.stringify(hosts)}),`,
      "     catch((use_module(library(socket)), tcp_connect(Host:443, _, [])), _, true)).",
      ":- writeln(caught).",
    ].join("\n"),
  limits: {
    takeHeap: (megabytes) => takeAll(`forall(between(1, ${megabytes}, _), (${KEEP}))`),
    openFiles: (count) => takeAll(`forall(between(1, ${count}, _), open('main.prolog', read, _))`),
    writeFiles: ({ place, count, bytes }) =>
      [
        ":- writeln(before), flush_output.",
        `:- ${place === "workspace" ? "Directory = '.'" : "getenv('TMPDIR', Directory)"},`,
        `   format(string(Text), "~*c", [${bytes}, 0'1]),`,
        `   catch(forall(between(1, ${count}, N),`,
        "     (format(atom(Path), '~w/many-~w', [Directory, N]),",
        "      open(Path, write, File), write(File, Text), close(File))), _, halt(0)),",
        "   writeln(done), flush_output.",
      ].join("\n"),
    makeSparseFile: (megabytes) =>
      ":- writeln(before), open(sparse, write, File, [type(binary)]),\n" +
      `   Place is ${megabytes} * 1048576 - 1, seek(File, Place, bof, _), put_byte(File, 0), close(File), writeln(done).`,
    floodStderr: ':- format(string(Text), "~*c", [65536, 0\'x]), repeat, write(user_error, Text), fail.',
  },
};

/** Makes a text of so many bytes, of which KEEP keeps a copy each time. */
function makeBase(bytes: number): string {
  return `:- dynamic kept/1.\n:- format(string(Text), "~*c", [${bytes}, 0'1]), nb_setval(base, Text).`;
}

/** What holds what it took for a moment, and waits where it gets no more. */
function takeAll(take: string): string {
  return [
    makeBase(1_048_576),
    ":- writeln(before), flush_output.",
    `:- catch(${take}, _, sleep(1000)).`,
    ":- writeln(done), flush_output, sleep(0.3), halt.",
  ].join("\n");
}
