import { assertEquals, assertMatch } from "@std/assert";
import { runProgram } from "../../../src/commands/mod.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { create } from "../../../src/runtimes/wasm/mod.ts";
import { configureEnvironment } from "../../support/configure_environment.ts";
import { isPresent, testedAvailability } from "../../support/requirements.ts";
import { openRuntime } from "../../support/runtime_host.ts";
import { runInLanguage } from "./run_in_language.ts";

// What is Ruby's own of the runtime; the suite has what every runtime promises.

const { runtime } = await openRuntime(create);
const ignore = !isPresent("wasm/ruby", await testedAvailability(runtime, "ruby"));
const run = (code: string, files: Readonly<Record<string, string>> = {}) =>
  runInLanguage(runtime, { language: "ruby", code, files });

/** Programs by what they show, with what they print, what they print on stderr, and their exit code. */
const ENDINGS: Readonly<Record<string, readonly [code: string, stdout: string, stderr: RegExp, exitCode: number]>> = {
  "an exit code is taken modulo 256": ["exit 300", "", /^$/, 44],
  "an exit with words prints them": ['abort "words"', "", /^words\n$/, 1],
  "exit! ends at once": ['at_exit { puts "no" }\nexit!(3)', "", /^$/, 3],
  "an interrupt of its own ends with 130": ["raise Interrupt", "", /: Interrupt \(Interrupt\)\n$/, 130],
  "handlers of the end run last first, before the error is reported, and know it": [
    'at_exit { puts $!.message }\nat_exit { puts "first" }\nraise "why"',
    "first\nwhy\n",
    /^\/workspace\/main\.rb:3:in '<main>': why \(RuntimeError\)\n$/,
    1,
  ],
  "a handler of the end decides the exit code, and one that fails does not end the others": [
    'at_exit { exit 7 }\nat_exit { raise "of a handler" }\nputs "done"',
    "done\n",
    /^\/workspace\/main\.rb:2:in 'block in <main>': of a handler \(RuntimeError\)\n$/,
    7,
  ],
  "recursion without an end is an error": [
    "def f(n) = f(n + 1)\nf(0)",
    "",
    /stack level too deep \(SystemStackError\)\n/,
    1,
  ],
  "a syntax error tells its line": [
    "def f(\n  1",
    "",
    /^\/workspace\/main\.rb:2: syntax error.*\(SyntaxError\)\n$/,
    1,
  ],
  "what stands below __END__ is its data": ["print DATA.read, DATA.class\n__END__\nrest\n", "rest\nFile", /^$/, 0],
  "threads fail": ["begin\n  Thread.new {}\nrescue NotImplementedError\n  puts 'none'\nend", "none\n", /^$/, 0],
  "other programs are refused, however they are started": [
    [
      "ways = [-> { system 'true' }, -> { Kernel.system('true') }, -> { spawn 'true' }, -> { Process.spawn('true') },",
      "  -> { exec 'true' }, -> { `true` }, -> { IO.popen('true') }]",
      "ways.each { |way| begin; puts way.call; rescue NotImplementedError; print 'refused ' end }",
      "system 'true'",
    ].join("\n"),
    "refused ".repeat(7),
    /^\/workspace\/main\.rb:4:in '<main>': system\(\) function is unimplemented on this machine \(NotImplementedError\)\n$/,
    1,
  ],
  "fibers and enumerators go on where they stopped": [
    "numbers = Enumerator.new { |out| 3.times { |n| out << n } }\np numbers.next, numbers.next, Fiber.new { 5 }.resume",
    "0\n1\n5\n",
    /^$/,
    0,
  ],
  "there is nothing behind the interpreter": [
    'require "js"\nJS.eval("return Deno")',
    "",
    /^Error: There is no JavaScript\n/,
    134,
  ],
};

for (const [title, [code, stdout, stderr, exitCode]] of Object.entries(ENDINGS)) {
  Deno.test({
    name: `[wasm] ruby: ${title}`,
    ignore,
    async fn() {
      const { ended } = await run(code);
      assertEquals([ended[0], ended[2]], [stdout, exitCode], ended[1]);
      assertMatch(ended[1], stderr);
    },
  });
}

Deno.test({
  name: "[wasm] ruby: a backtrace has the program's frames and those of its files, with causes, and no others",
  ignore,
  async fn() {
    const { stderr } = await run("require_relative 'helper'\nHelper.fail\n", {
      "helper.rb": 'module Helper\n  def self.fail\n    [].fetch(9)\n  rescue IndexError\n    raise "no"\n  end\nend\n',
    });
    assertEquals(stderr.split("\n").filter((line) => / ?in '/.test(line)), [
      "/workspace/helper.rb:5:in 'Helper.fail': no (RuntimeError)",
      "\tfrom /workspace/main.rb:2:in '<main>'",
      "/workspace/helper.rb:3:in 'Array#fetch': index 9 outside of array bounds: 0...0 (IndexError)",
      "\tfrom /workspace/helper.rb:3:in 'Helper.fail'",
      "\tfrom /workspace/main.rb:2:in '<main>'",
    ]);
  },
});

Deno.test({
  name: "[wasm] ruby: libraries of RUBYLIB come before the interpreter's",
  ignore,
  async fn() {
    const { ended } = await runInLanguage(runtime, {
      language: "ruby",
      code: 'require "set"\nrequire "json"\nputs OWN, $:[0, 2]',
      files: { "given/json.rb": 'OWN = "own"' },
      env: { RUBYLIB: "given:/workspace/none" },
    });
    assertEquals(ended, ["own\n/workspace/given\n/workspace/none\n", "", 0]);
  },
});

Deno.test({
  name: "[wasm] ruby: variables are text as every other, however they are read",
  ignore,
  async fn() {
    const { ended } = await runInLanguage(runtime, {
      language: "ruby",
      code: [
        'ENV["OWN"] = "ä"',
        'puts ENV["GIVEN"] + "ß", ENV.fetch("GIVEN") + "ß", ENV.fetch("NONE", 1), ENV.key("ü"), ENV["NONE"].inspect',
        "all = [ENV.to_h, ENV.to_a.to_h, ENV.select { |name, _| name }, ENV.map { |one| one }.to_h, ENV.each_pair.to_h]",
        'p all.map { |one| one.slice("GIVEN", "OWN") }.uniq, ENV.values.include?("ü"), ENV.inspect.include?("ü")',
        'LEFT = { "GIVEN" => "ü" }',
        "def seen(way, block = nil)",
        "  ENV.replace(LEFT)",
        "  found = []",
        "  result = ENV.public_send(way) { |*given| found.push(*given) && block }",
        '  puts "#{way}: #{found}, #{ENV.to_h}, #{result.equal?(ENV) ? "ENV" : result.inspect}"',
        "end",
        "%i[each_key each_value].each { |way| seen(way) }",
        "%i[delete_if reject!].each { |way| [true, false].each { |block| seen(way, block) } }",
        "%i[keep_if select! filter!].each { |way| [true, false].each { |block| seen(way, block) } }",
        'ENV.replace(LEFT.merge("OTHER" => "ö"))',
        'p ENV.invert.slice("ü"), ENV.except("OTHER"), ENV.each_value.to_a, ENV.each_key.map(&:encoding).uniq, ENV.key("ü").encoding',
        '%i[update merge!].each { |way| ENV.public_send(way, "GIVEN" => "ä") { |*all| p(all) && "ü" } }',
        'p ENV.update({ "GIVEN" => "é" }).equal?(ENV), ENV.delete("GIVEN"), ENV.delete("GIVEN") { +"own" }.frozen?',
        'ENV.fetch("NONE")',
      ].join("\n"),
      env: { GIVEN: "ü" },
    });
    assertEquals(ended, [
      [
        'üß\nüß\n1\nGIVEN\nnil\n[{"GIVEN" => "ü", "OWN" => "ä"}]\ntrue\ntrue',
        'each_key: ["GIVEN"], {"GIVEN" => "ü"}, ENV',
        'each_value: ["ü"], {"GIVEN" => "ü"}, ENV',
        'delete_if: ["GIVEN", "ü"], {}, ENV',
        'delete_if: ["GIVEN", "ü"], {"GIVEN" => "ü"}, ENV',
        'reject!: ["GIVEN", "ü"], {}, ENV',
        'reject!: ["GIVEN", "ü"], {"GIVEN" => "ü"}, nil',
        'keep_if: ["GIVEN", "ü"], {"GIVEN" => "ü"}, ENV',
        'keep_if: ["GIVEN", "ü"], {}, ENV',
        'select!: ["GIVEN", "ü"], {"GIVEN" => "ü"}, nil',
        'select!: ["GIVEN", "ü"], {}, ENV',
        'filter!: ["GIVEN", "ü"], {"GIVEN" => "ü"}, nil',
        'filter!: ["GIVEN", "ü"], {}, ENV',
        '{"ü" => "GIVEN"}',
        '{"GIVEN" => "ü"}',
        '["ü", "ö"]',
        "[#<Encoding:UTF-8>]",
        "#<Encoding:UTF-8>",
        '["GIVEN", "ü", "ä"]',
        '["GIVEN", "ü", "ä"]',
        "true",
        '"é"',
        "false",
        "",
      ].join("\n"),
      "/workspace/main.rb:19:in '<main>': key not found: \"NONE\" (KeyError)\n",
      1,
    ]);
  },
});

Deno.test({
  name: "[wasm] ruby: a denial names the path that lies elsewhere, and not the one beside it",
  ignore,
  async fn() {
    const { denials } = await run('File.write("own", "")\nFile.rename("own", "../other") rescue puts "refused"');
    assertEquals(denials.map(({ kind, target }) => `${kind} ${target}`), ["write /other"]);
  },
});

Deno.test({
  name: "[wasm] ruby: no two programs draw the same random numbers, whose interpreters begin with the same memory",
  ignore,
  async fn() {
    const code =
      'require "securerandom"\nputs rand, Random.new.rand, [*1..1000].shuffle.hash, SecureRandom.hex, Random.new_seed';
    const [first, second] = [(await run(code)).stdout.split("\n"), (await run(code)).stdout.split("\n")];
    assertEquals(first.length, 6);
    assertEquals(first.filter((line) => line !== "" && second.includes(line)), []);
  },
});

Deno.test({
  name: "[wasm] ruby: files are read, changed and moved as elsewhere, and errors have their classes",
  ignore,
  async fn() {
    const { ended } = await run(FILES);
    assertEquals(ended, ["done\n", "", 0]);
  },
});

const FILES = `require "fileutils"
require "tmpdir"
def fails(kind)
  yield
rescue SystemCallError => error
  raise "#{kind} is #{error.class}" unless error.is_a?(kind)
else
  raise "no #{kind}"
end
def check(claim) = claim || raise("wrong at #{caller(1, 1)}")
File.write("a", "one")
File.write("b", "two")
File.rename("a", "b")
check File.read("b") == "one" && Dir.children(".").sort == ["b", "main.rb"]
File.open("b", "r+") { |file| file.seek(1); file.write("ZZ"); file.truncate(3) }
File.open("b", "a") { |file| file << "+" }
check File.read("b") == "oZZ+"
FileUtils.mkdir_p("d/e")
File.write("d/e/f", "deep")
FileUtils.mv("d", "g")
check Dir.glob("g/**/*").sort == ["g/e", "g/e/f"]
fails(Errno::ENOENT) { File.read("nothing") }
fails(Errno::ENOENT) { File.read("/etc/passwd") }
fails(SystemCallError) { Dir.rmdir("g") }
fails(SystemCallError) { File.write("../outside", "x") }
FileUtils.rm_r("g")
Dir.mktmpdir { |directory| File.write("#{directory}/q", "q"); check directory.start_with?("/tmp/") }
puts "done"
`;

Deno.test({
  name: "[wasm] ruby: a file that was not closed holds everything when the program has ended",
  ignore,
  async fn() {
    await using environment = await runtime.createEnvironment(configureEnvironment("ruby"));
    await environment.files.write("main.rb", new TextEncoder().encode('File.open("x", "w").write("kept")'));
    await runProgram(environment, { kind: "file", path: "main.rb", args: [] }, {
      limits: DEFAULT_LIMITS,
      env: {},
      stdin: "",
    });
    assertEquals(await new Response(await environment.files.read("x")).text(), "kept");
  },
});

Deno.test({
  name: "[wasm] ruby: libraries that come with it are there",
  ignore,
  async fn() {
    const names = [
      "json",
      "set",
      "time",
      "date",
      "digest",
      "erb",
      "optparse",
      "ostruct",
      "stringio",
      "strscan",
      "yaml",
      "zlib",
    ];
    const { ended } = await run(
      `${
        JSON.stringify(names)
      }.each { |name| require name }\nputs Digest::SHA256.hexdigest("a")[0, 8], JSON.generate([1])`,
    );
    assertEquals([ended[0], ended[2]], ["ca978112\n[1]\n", 0], ended[1]);
  },
});
