import { assertEquals, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../../../src/core/errors.ts";
import { parseJob } from "../../../../src/server/compat/piston/job.ts";

const FILE = { content: "x" };
const JOB = { language: "python", version: "*", files: [FILE] };

function refusal(job: unknown): string {
  return assertThrows(() => parseJob(job), CodeBeakerError, "").message;
}

Deno.test("parseJob() refuses in Piston's words", () => {
  const table: [job: unknown, message: string][] = [
    [[], "The body must be an object"],
    [{}, "language is required as a string"],
    [{ ...JOB, language: 1 }, "language is required as a string"],
    [{ language: "python" }, "version is required as a string"],
    [{ ...JOB, files: "x" }, "files is required as an array"],
    [{ ...JOB, files: [FILE, {}] }, "files[1].content is required as a string"],
    [{ ...JOB, files: [null] }, "files[0] is required as an object"],
    [{ ...JOB, files: [{ ...FILE, name: 1 }] }, "files[0].name must be a string, if specified"],
    [{ ...JOB, files: [{ ...FILE, encoding: "base64" }] }, "files must include at least one utf8 encoded file"],
    [{ ...JOB, files: [] }, "files must include at least one utf8 encoded file"],
    [{ ...JOB, files: [FILE, { content: "zz", encoding: "hex" }] }, "files[1].content must be hex"],
    [{ ...JOB, version: " ".repeat(1_000_000) }, "version must have at most 64 characters"], // To read it takes hours.
    [{ ...JOB, version: "3.10.0" }, "python-3.10.0 runtime is unknown"],
    [{ ...JOB, version: "latest" }, "python-latest runtime is unknown"],
    [{ ...JOB, run_timeout: "3000" }, "run_timeout must be a number, if specified"],
    [{ ...JOB, run_timeout: 3_600_001 }, "run_timeout cannot exceed the configured limit of 3600000"],
    [{ ...JOB, run_timeout: -1 }, "run_timeout must be non-negative"],
    [{ ...JOB, compile_timeout: 60_001 }, "compile_timeout cannot exceed the configured limit of 60000"],
    [
      { ...JOB, compile_memory_limit: 1_000_000 },
      "compile_memory_limit cannot be below the configured limit of 1073741824",
    ],
    [{ ...JOB, compile_cpu_time: -5 }, "compile_cpu_time must be non-negative"],
    [{ ...JOB, run_memory_limit: -2 }, "run_memory_limit must be non-negative"],
    [{ ...JOB, run_memory_limit: 1_000_000 }, "run_memory_limit cannot be below the configured limit of 33554432"],
    [{ ...JOB, run_memory_limit: 2e12 }, "run_memory_limit cannot exceed the configured limit of 1099511627776"],
    [
      { ...JOB, args: [1] },
      "Cannot read the execution request: args[0]: Must be a string, and is a number",
    ],
  ];
  for (const [job, message] of table) assertEquals(refusal(job), message);
});

Deno.test("parseJob() translates constraints, where 0 and a memory of -1 are none", () => {
  const given = { run_timeout: 1500.5, run_cpu_time: 700, run_memory_limit: 100_000_000, compile_timeout: 5 };
  assertEquals(parseJob({ ...JOB, ...given }).limits, { timeoutMs: 1501, cpuMs: 700, memoryMb: 96 });
  const none = { run_timeout: 0, run_cpu_time: null, run_memory_limit: -1, compile_memory_limit: -1 };
  assertEquals(parseJob({ ...JOB, ...none }).limits, {
    ...{ timeoutMs: undefined, cpuMs: undefined, memoryMb: undefined },
  });
});

Deno.test("parseJob() bounds the compiler by the less of its two times", () => {
  const table = [[{}, undefined], [{ compile_timeout: 900, compile_cpu_time: 0 }, 900], [
    { compile_timeout: 900, compile_cpu_time: 700.5 },
    701,
  ]] as const;
  for (const [given, compileMs] of table) assertEquals(parseJob({ ...JOB, ...given }).compileMs, compileMs);
});

Deno.test("parseJob() ends input with a newline, and leaves no input as it is", () => {
  const stdins = [undefined, "", "a", "a\n"].map((stdin) => parseJob({ ...JOB, stdin }).stdin);
  assertEquals(stdins, ["", "", "a\n", "a\n"]);
});

Deno.test("parseJob() runs the first text file, and gives one that the language does not know its main file's name", () => {
  const paths = (files: readonly object[], language = "python") => {
    const { code, entrypoint, files: placed } = parseJob({ ...JOB, language, files });
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return [
      code === undefined ? undefined : text(code),
      entrypoint,
      placed.map(({ path, bytes }) => `${path}=${text(bytes)}`),
    ];
  };
  assertEquals(paths([{ content: "a" }, { content: "b" }]), ["a", undefined, ["file1.code=b"]]);
  assertEquals(paths([{ name: "main.py", content: "a" }]), ["a", undefined, []]);
  assertEquals(paths([{ name: "solution", content: "a" }]), ["a", undefined, ["solution=a"]]);
  assertEquals(paths([{ name: "lib/a.py", content: "a" }, { name: "b", content: "b" }]), [
    undefined,
    "lib/a.py",
    ["lib/a.py=a", "b=b"],
  ]);
  assertEquals(
    paths([{ name: "d", content: "4869", encoding: "hex" }, { name: "e", content: "SGk=", encoding: "base64" }, FILE]),
    ["x", undefined, ["d=Hi", "e=Hi"]],
  );
  assertEquals(paths([{ content: "a", encoding: "latin1" }]), ["a", undefined, []]);
});
