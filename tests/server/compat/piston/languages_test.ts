import { assertEquals } from "@std/assert";
import { VERSION } from "../../../../src/core/version.ts";
import { fromPiston, selectsVersion, toPiston, toRuntime } from "../../../../src/server/compat/piston/languages.ts";

Deno.test("fromPiston() knows Piston's names and aliases, in any case", () => {
  const table = { "c++": "cpp", "g++": "cpp", cpp: "cpp", rscript: "r", "node-js": "javascript", JS: "javascript" };
  for (const [name, language] of Object.entries(table)) assertEquals([name, fromPiston(name)], [name, language]);
  assertEquals(fromPiston("cobol"), "cobol");
});

Deno.test("toRuntime() lists a language by Piston's name, with every alias that fromPiston() knows", () => {
  assertEquals(toRuntime({ name: "cpp", aliases: ["c++", "cxx"] }), {
    language: "c++",
    version: VERSION,
    aliases: ["cpp", "cxx", "g++"],
  });
  assertEquals([toPiston("r"), toPiston("python")], ["rscript", "python"]);
});

Deno.test("selectsVersion() takes SemVer selectors of the service's version", () => {
  for (const selector of ["*", "x", VERSION, `^${VERSION}`, `>=${VERSION}`]) {
    assertEquals(selectsVersion(selector), true);
  }
  for (const selector of ["3.10.0", "99.x", "", "latest", `<${VERSION}`]) {
    assertEquals([selector, selectsVersion(selector)], [selector, selector === ""]);
  }
});

Deno.test("selectsVersion() takes a pre-release of the service as its release", () => {
  const selected = ["*", "0.x", "0.2.0-rc.1", ">=0.2.0", "0.1.0"].map((wanted) => selectsVersion(wanted, "0.2.0-rc.1"));
  assertEquals(selected, [true, true, true, true, false]);
});
