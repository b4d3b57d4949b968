import { assertEquals, assertMatch } from "@std/assert";
import { noteMissingModules } from "../../src/core/missing_module.ts";

const notesOf = (stderr: string, noPackages?: string) => noteMissingModules(stderr, { noPackages }).notes ?? [];
const COMMAND = (name: string) =>
  `install the package in a session, by the command {"type":"install_packages","packages":["${name}"]}`;

Deno.test("noteMissingModules() names the package of a module, in each language's words", () => {
  const texts = [
    ["Traceback\nModuleNotFoundError: No module named 'cv2'\n", "cv2", "opencv-python"],
    ["ModuleNotFoundError: No module named 'sklearn.svm'\n", "sklearn.svm", "scikit-learn"],
    ["ModuleNotFoundError: No module named 'pandas'\n", "pandas", "pandas"],
    ["/usr/bin/python3: No module named pip\n", "pip", "NAME"],
    ["Error: Cannot find module 'lodash'\nRequire stack:\n", "lodash", "lodash"],
    ["Error [ERR_MODULE_NOT_FOUND]: Cannot find package '@a/b' imported from /workspace/main.js\n", "@a/b", "@a/b"],
    ['error: Cannot find package "lodash/fp" from "/workspace/main.ts"\n', "lodash/fp", "lodash"],
    ['NotCapable: Requires read access to "/node_modules", run …\nrequire("lodash")\n^\n', "lodash", "lodash"],
    ['error: Import "lodash" not a dependency\n', "lodash", "lodash"],
    ["npm error network request to http://registry.test/@a%2fb failed, reason: getaddrinfo\n", "@a/b", "@a/b"],
  ] as const;
  for (const [stderr, module, name] of texts) {
    const [note, ...others] = notesOf(stderr);
    assertEquals([note?.kind, note?.module, others], ["missing_module", module, []]);
    assertEquals(note?.remedy.includes(COMMAND(name)), true, note?.remedy);
  }
  assertMatch(
    notesOf("ModuleNotFoundError: No module named 'yaml'\n")[0]?.remedy ?? "",
    /apt-get install python3-yaml/,
  );
  assertMatch(
    notesOf("ModuleNotFoundError: No module named 'mine'\n")[0]?.remedy ?? "",
    /^send mine\.py with the files/,
  );
});

Deno.test("noteMissingModules() says why no packages are installed, and what else helps", () => {
  const [note] = notesOf("ModuleNotFoundError: No module named 'numpy'\n", "none is installed here");
  assertMatch(note?.remedy ?? "", /^none is installed here; or .*another runtime.*"numpy".*image that has it/);
});

Deno.test("noteMissingModules() has nothing to say of files, of printed words, and of too many modules", () => {
  for (
    const stderr of [
      "",
      "Error: Cannot find module './mine.js'\n",
      "Error: Cannot find module '/workspace/mine.js'\n",
      "  ModuleNotFoundError: No module named 'x'\n",
      "ModuleNotFoundError: No module named 'os.x'; 'os' is not a package\n",
    ]
  ) assertEquals([stderr, noteMissingModules(stderr, {})], [stderr, {}]);
  const many = Array.from({ length: 1000 }, (_, index) => `ModuleNotFoundError: No module named 'm${index}'\n`);
  assertEquals(notesOf(many.join("")).length, 8);
});
