import { assertEquals, assertMatch } from "@std/assert";
import { type NativeProgram, openNative } from "./open_native.ts";

const native = await openNative();
Deno.test.afterAll(async () => await native[Symbol.asyncDispose]());

/** A program beside files that lead its interpreter or compiler astray. */
interface Planted extends NativeProgram {
  readonly language: string;
  readonly title: string;
  check(ran: Awaited<ReturnType<typeof native.run>>): void;
}

/** Of the versions of Python 3 that a machine may have. */
const MINORS = [9, 10, 11, 12, 13, 14, 15];
const SAY = 'print("planted")\n';

const ALL: readonly Planted[] = [
  {
    language: "python",
    title: "modules that Python imports at its start",
    code: 'print("own")',
    files: { "sitecustomize.py": SAY, "usercustomize.py": SAY, "planted.pth": 'import sys; print("planted")\n' },
    check: ({ stdout }) => assertEquals(stdout, "own\n"),
  },
  {
    language: "python",
    title: "modules in the directory of a user's packages",
    code: 'import os\nprint(os.path.expanduser("~"))',
    files: Object.fromEntries(
      MINORS.flatMap((minor) =>
        ["usercustomize.py", "planted.pth"].map((name) => [
          `.local/lib/python3.${minor}/site-packages/${name}`,
          'import sys; print("planted")\n',
        ])
      ),
    ),
    check: ({ stdout }) => assertEquals(stdout, "/workspace\n"),
  },
  {
    language: "go",
    title: "a module that asks for a newer toolchain",
    code: "package main\n\nfunc main() { println(1) }\n",
    files: { "go.mod": "module planted\n\ngo 1.99\n\ntoolchain go1.99.0\n" },
    check({ compile, exitCode }) {
      assertEquals(exitCode === 0, false);
      assertMatch(compile?.stderr ?? "", /1\.99/); // It is named, and not fetched.
    },
  },
  {
    language: "c",
    title: "a file without an end, as a header",
    code: '#include "/dev/zero"\nint main(void) { return 0; }',
    check({ compile, outcome }) {
      // The compiler ends by itself where it is refused memory first.
      if (outcome.kind === "compile_failed") assertMatch(compile?.stderr ?? "", /out of memory/);
      else assertEquals([compile?.outcome, outcome.kind], [outcome, "memory_limit"]);
    },
  },
];

for (const { check, language, title, ...program } of ALL) {
  if (!await native.isPresent(language)) continue;
  Deno.test(`[native] ${language}: ${title}`, async () => {
    const ran = await native.run(language, program);
    check(ran);
    assertEquals(ran.remains, []);
  });
}
