import { assertEquals } from "@std/assert";
import { ENVIRONMENTS } from "../../../../src/runtimes/docker/images/environments.ts";
import { launcherArgv } from "../../../../src/runtimes/docker/program/launcher_command.ts";

/** The command line of the built-in installer of a language, behind what looks for it in the image. */
function installArgv(language: string, packages: readonly string[]): string[] {
  const spec = ENVIRONMENTS[language];
  if (spec === undefined) throw new Error(`No spec for ${language}`);
  const [sh, c, , name, blocks, , directory, compilerWords, ...line] = launcherArgv({ kind: "install", packages }, {
    spec,
    env: {},
    blocks: 0,
  });
  assertEquals([sh, c, name, blocks, directory, compilerWords], ["sh", "-c", "launch", "0", "/workspace", "0"]);
  assertEquals([line[0], line[1], line[3]], ["sh", "-c", "install"]);
  return line.slice(4);
}

Deno.test("launcherArgv() installs packages with the installer of the language", () => {
  const table: [string, string][] = [
    [
      "python",
      "pip install --isolated --no-input --disable-pip-version-check --no-cache-dir --progress-bar off " +
      "--only-binary :all: --target .packages -- a b==1",
    ],
    [
      "node",
      "npm install --ignore-scripts --no-audit --no-fund --no-update-notifier --no-package-lock -- a b==1",
    ],
    ["typescript", "deno install --quiet --no-lock --package-json --node-modules-dir=auto a b==1"],
    ["javascript", "deno install --quiet --no-lock --package-json --node-modules-dir=auto a b==1"],
  ];
  for (const [language, line] of table) assertEquals(installArgv(language, ["a", "b==1"]).join(" "), line);
});

Deno.test("launcherArgv() runs a file and a command line in their directories", () => {
  const spec = { image: "i", file: "f", run: ["r", "{file}"] };
  const end = (program: Parameters<typeof launcherArgv>[0]) =>
    launcherArgv(program, { spec, env: {}, blocks: 3 }).slice(6);
  assertEquals(end({ kind: "file", path: "-x", args: ["a"] }), ["/workspace", "0", "r", "./-x", "a"]);
  const shell = { kind: "shell", command: "c d", workingDirectory: "." } as const;
  assertEquals(end({ ...shell, args: [] }), ["/workspace", "0", "c d"]);
  assertEquals(end({ ...shell, args: ["-e"], workingDirectory: "a/b" }), ["/workspace/a/b", "0", "c d", "-e"]);
});
