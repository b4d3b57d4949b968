import type { Dialect } from "./dialect.ts";

/** Ruby where programs start no threads and no others. A string of JSON is one of Ruby's, as no text here holds `#{`. */
export const ruby: Dialect = {
  hello: 'puts "hello"',
  echoStdin: "$stdin.binmode\n$stdout.binmode\n$stdout.write($stdin.read)",
  printArgs: 'puts ARGV.join("|")',
  printVariable: (name) => `puts ENV[${JSON.stringify(name)}].inspect.delete('"')`,
  exitWith: (code) => `exit ${code}`,
  failOnLine3: (message) => `# one\n# two\nraise ${JSON.stringify(message)}`,
  spin: "loop {}",
  sleep: '$stdout.syswrite("ready\\n")\nsleep 1000',
  ignoreSigterm:
    'begin\n  trap("TERM", "IGNORE")\nrescue NotImplementedError\nend\n$stdout.syswrite("ready\\n")\nsleep 1000',
  floodStdout: 'text = "x" * 65536\nloop { $stdout.syswrite(text) }',
  writeSingleBytes: (count) => `${count}.times { |i| $stdout.syswrite((97 + i % 26).chr) }`,
  halfCharacter: '$stdout.syswrite("ok\\xe2\\x82")\nsleep 1000',
  allocateForEver: 'kept = []\nloop { kept << "x" * 1_000_000 }',
  writeFile: (path, text) => `File.write(${JSON.stringify(path)}, ${JSON.stringify(text)})`,
  printFile: (path) => `$stdout.binmode\n$stdout.write(File.binread(${JSON.stringify(path)}))`,
  printIsMain: 'puts(__FILE__ == $0 ? "main" : "not main")',
  connect: (port) => `require "socket"\nTCPSocket.new("127.0.0.1", ${port})\nputs "connected"`,
  reach: (hosts) =>
    [
      `${JSON.stringify(hosts)}.each do |host|`,
      '  require "socket"',
      "  TCPSocket.new(host, 443)",
      "rescue LoadError, NameError, SystemCallError",
      "end",
      'puts "caught"',
    ].join("\n"),
  limits: {
    takeHeap: (megabytes) => takeAll(`kept << "1" * 1_048_576 while kept.length < ${megabytes}`),
    openFiles: (count) => takeAll(`kept << File.open(__FILE__) while kept.length < ${count}`),
    writeFiles: ({ place, count, bytes }) =>
      [
        '$stdout.syswrite("before\\n")',
        `directory = ${place === "workspace" ? '"."' : 'ENV["TMPDIR"]'}`,
        "begin",
        `  ${count}.times { |index| File.binwrite("#{directory}/many-#{index}", "1" * ${bytes}) }`,
        '  $stdout.syswrite("done\\n")',
        "rescue SystemCallError",
        "  exit 0",
        "end",
      ].join("\n"),
    makeSparseFile: (megabytes) =>
      `puts "before"\nFile.write("sparse", "x")\nFile.truncate("sparse", ${megabytes} * 1048576)\nputs "done"`,
    floodStderr: 'text = "x" * 65536\nloop { $stderr.syswrite(text) }',
  },
};

/** What holds what it took for a moment, and waits where it gets no more. */
function takeAll(take: string): string {
  return [
    '$stdout.syswrite("before\\n")',
    "kept = []",
    "begin",
    `  ${take}`,
    "rescue StandardError, NoMemoryError",
    "  sleep 1000",
    "end",
    '$stdout.syswrite("done\\n")',
    "sleep 0.3",
    "exit!(0)",
  ].join("\n");
}
