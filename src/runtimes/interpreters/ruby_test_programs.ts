import type { TestPrograms } from "../process/self_test/language_tests.ts";

/** The programs of the self-test in Ruby, on any interpreter. */
export const RUBY_TEST_PROGRAMS: TestPrograms = {
  honest: "puts 6 * 7",
  readFile: (path) => `puts File.read("${path}") rescue nil`,
  connect: (port) =>
    `begin\n  require "socket"\n  TCPSocket.new("127.0.0.1", ${port})\nrescue LoadError, SystemCallError\nend`,
  exhaust: 'kept = Array.new(64) { "x" * (16 << 20) }\nputs kept.length',
};
