import { assert, assertEquals, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../../../src/core/errors.ts";
import { ENVIRONMENTS } from "../../../../src/runtimes/docker/images/environments.ts";
import {
  installLine,
  joinPackages,
  noInstaller,
  parsePackages,
} from "../../../../src/runtimes/docker/packages/package_names.ts";

const PIP = ["/usr/bin/pip3", "install", "{packages}"];
const NPM = ["npm", "install", "{packages}"];
const OTHER = ["gem", "install", "{packages}"];

/** What every installer might take for an option, a path, an address, a repository or a second argument. */
const HOSTILE = [
  "",
  "-",
  "-r",
  "--index-url=http://a",
  "--pre",
  ".",
  "..",
  "./a",
  "../a",
  "/etc/passwd",
  "~/a",
  "a/b",
  "a/../b",
  "@a/../b",
  "a@../b",
  "a@./b",
  "a@.",
  "a@/b",
  "a @ http://a/b.whl",
  "a@http://a/b",
  "http://a/b",
  "https://a/b.tgz",
  "file:a",
  "git+https://a/b",
  "github:a/b",
  "a@npm:b",
  "a@git@github.com:b",
  "npm:a",
  "a b",
  "a\nb",
  "a\n",
  "a\0",
  " a",
  "a;python_version<'4'",
  "a==1 --pre",
  "a==1\\",
  "a.whl",
  "a-1.0.tar.gz",
  "a.TGZ",
  "a.zip",
  "é",
  "a==é",
  "$(id)",
  "`id`",
  "a|b",
  "a&b",
  "*",
  "a".repeat(257),
];

/** Which of these are packages for an installer. */
function accepted(names: readonly string[], install: readonly string[]): string[] {
  return names.filter((name) => {
    try {
      parsePackages([name], install);
      return true;
    } catch {
      return false;
    }
  });
}

Deno.test("parsePackages() takes what an installer's packages are called, with versions", () => {
  const table: [readonly string[], readonly string[]][] = [
    [PIP, [
      "a",
      "A-b_c.d2",
      "numpy==2.1.0",
      "a[b]",
      "a[b,c-d]>=1.2,<2",
      "a~=1.4.2",
      "a!=1.*",
      "a===1.0+local",
      "a==1!2.0",
    ]],
    [NPM, ["a", "a.b", "@s/a", "a@1", "a@^1.2.3", "a@~1", "a@>=1.0.0", "@s/a@1.0.0-beta.1+x", "a@latest"]],
    [OTHER, ["a", "a-b", "a=1.2", "a==1.2", "a@1.2"]],
  ];
  for (const [install, names] of table) assertEquals(accepted(names, install), names);
});

Deno.test("parsePackages() refuses everything that is no name, for every installer", () => {
  const builtIn = Object.values(ENVIRONMENTS).flatMap(({ install }) => install === undefined ? [] : [install]);
  for (const install of [PIP, NPM, OTHER, ...builtIn]) assertEquals(accepted(HOSTILE, install), [], install.join(" "));
  assertEquals(accepted(["@s/a", "a@1", "a@latest"], PIP), []);
  assertEquals(accepted(["a[b]", "a==1", "a>1,<2"], NPM), []);
  assertEquals(accepted(["@s/a", "a[b]", "a>=1"], OTHER), []);
});

Deno.test("parsePackages() says which one is off, and what it must be", () => {
  const error = assertThrows(() => parsePackages(["a", "-r"], PIP), CodeBeakerError);
  assertEquals(error.code, "invalid_request");
  assertEquals(error.details.errors?.map(({ path }) => path), ["packages[1]"]);
  assertEquals(
    error.message,
    'Cannot install a package as it must be written "name", "name[extra]" or "name>=1.2,<2": current value is "-r"',
  );
  assertEquals(assertThrows(() => parsePackages([], PIP), CodeBeakerError).code, "invalid_request");
});

Deno.test("joinPackages() keeps what was there, and of one package what was named last", () => {
  const table: [readonly string[], readonly string[], readonly string[], readonly string[]][] = [
    [PIP, ["a", "b"], ["c"], ["a", "b", "c"]],
    [PIP, ["Foo_Bar==1", "b"], ["foo-bar[x]>=2"], ["foo-bar[x]>=2", "b"]],
    [NPM, ["foo_bar", "@s/a@1"], ["foo-bar", "@s/a"], ["foo_bar", "@s/a", "foo-bar"]],
    [PIP, ["-r", "http://a", "", "a"], ["b"], ["a", "b"]],
  ];
  for (const [install, before, packages, joined] of table) {
    assertEquals(joinPackages(before, packages, install), joined);
  }
});

Deno.test("joinPackages() bounds how many there are", () => {
  const names = (count: number) => Array.from({ length: count }, (_, index) => `a${index}`);
  assertEquals(joinPackages(names(255), ["b"], PIP).length, 256);
  assertEquals(assertThrows(() => joinPackages(names(256), ["b"], PIP), CodeBeakerError).code, "too_large");
});

Deno.test("installLine() puts every package in the place of one word", () => {
  assertEquals(installLine(["i", "--", "{packages}", "end"], ["a", "b"]), ["i", "--", "a", "b", "end"]);
});

Deno.test("what is built in installs nothing that runs, and takes no package for an option", () => {
  const lines = Object.entries(ENVIRONMENTS).flatMap(([name, { install }]) =>
    install === undefined ? [] : [[name, install] as const]
  );
  assertEquals(lines.map(([name]) => name), ["python", "javascript", "typescript", "node"]);
  for (const [name, line] of lines) {
    assertEquals(line.slice(-2), [line[0] === "deno" ? "--node-modules-dir=auto" : "--", "{packages}"], name);
    assert(
      line[0] === "deno" || line.includes("--ignore-scripts") || line.join(" ").includes("--only-binary :all:"),
      name,
    );
    assert(!line.some((word) => word.startsWith("--allow-scripts")), name);
  }
});

Deno.test("noInstaller() names the languages that can", () => {
  const error = noInstaller("bash", ["python", "node"]);
  assertEquals(error.code, "permission_denied");
  assertEquals(
    error.message,
    "Cannot install packages as the language must be one with an installer (python, node): " +
      'current value is "bash"',
  );
});
