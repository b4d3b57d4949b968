import { assert, assertEquals, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { LANGUAGES } from "../../../src/runtimes/native/languages/mod.ts";
import { languagesOf } from "../../../src/runtimes/native/settings.ts";

const TCL = { binary: "tclsh", file: "main.tcl", run: ["{binary}", "{file}"] };

/** The languages of a configuration. */
function parse(nativeLanguages: unknown) {
  return languagesOf({ settings: { native: { nativeLanguages } } });
}

/** Why a configuration is refused, and where. */
function refusal(nativeLanguages: unknown) {
  const { details, message } = assertThrows(() => parse(nativeLanguages), CodeBeakerError);
  return { message, paths: details.errors?.map(({ path }) => path.replace(/^nativeLanguages\.?/, "")) };
}

Deno.test("languagesOf() has what is built in, where nothing is configured", () => {
  assertEquals(languagesOf({ settings: {} }), LANGUAGES);
});

Deno.test("languagesOf() adds the operator's languages, which have no programs for a self-test", () => {
  const { tcl, ...others } = parse({ tcl: { ...TCL, env: { A: "1" } } });
  const { run } = TCL;
  assertEquals(tcl, { binaries: ["tclsh"], mainFile: "main.tcl", run, memoryEndings: [], variables: { A: "1" } });
  assertEquals(others, LANGUAGES);
});

Deno.test("languagesOf() takes another binary or command line for what is built in, also by its alias", () => {
  const { cpp, python } = parse({ "c++": { binary: "clang++" }, python3: { run: ["{binary}", "-I", "{file}"] } });
  const { debianPackage: _package, ...rest } = LANGUAGES["cpp"] ?? {};
  assertEquals(cpp, { ...rest, binaries: ["clang++"], variables: {} } as never);
  assertEquals(python?.debianPackage, "python3");
  assertEquals(python?.run, ["{binary}", "-I", "{file}"]);
  assert(python !== undefined && !("waiter" in python)); // It waits by what its own command line starts.
});

Deno.test("languagesOf() compiles only for the command line that comes with it", () => {
  assert(!("compile" in (parse({ c: { run: ["tcc", "-run", "{file}"] } })["c"] ?? {})));
  assert(!("prebuilt" in (parse({ java: { run: ["{binary}", "{file}"] } })["java"] ?? {})));
  const go = { compile: ["{binary}", "build", "-pkgdir={prebuilt}", "{file}"], run: ["{output}/main"] };
  assert("prebuilt" in (parse({ go })["go"] ?? {}));
  const compile = ["zig", "build-exe", "{file}"];
  assertEquals(parse({ zig: { ...TCL, compile, run: ["{output}/main"] } })["zig"]?.compile, compile);
});

Deno.test("languagesOf() leaves braces to the command that are not a placeholder with one slip", () => {
  const run = ["awk", "function show() {line} {print} {next} END {tally}", "${file}", "-f", "{file}"];
  assertEquals(parse({ awk: { ...TCL, run } })["awk"]?.run, run);
});

Deno.test("languagesOf() says where something is off", () => {
  const table: [unknown, string[]][] = [
    [{ tcl: {} }, ["tcl.binary", "tcl.file", "tcl.run"]],
    [{ tcl: { ...TCL, run: ["tclsh", "main.tcl"] } }, ["tcl.run"]],
    [{ tcl: { ...TCL, compile: ["make"] } }, ["tcl.compile"]],
    ...["{bianry}", "{binry}", "{File}", "{flie}", "{heapMB}", "{outputs}"].map((slip): [unknown, string[]] => [
      { tcl: { ...TCL, run: [slip, "{file}"] } },
      ["tcl.run"],
    ]),
    [{ c: { run: ["{output}/main"] } }, ["c.run"]],
    [{ tcl: { ...TCL, binary: "/opt/tcl/bin/tclsh" } }, ["tcl.binary"]],
    [{ tcl: { ...TCL, binary: "bin/tclsh" } }, ["tcl.binary"]],
    [{ tcl: { ...TCL, binary: "/usr/../opt/tclsh" } }, ["tcl.binary"]],
    [{ tcl: { ...TCL, binary: "/usr/bin/.." } }, ["tcl.binary"]],
    [{ tcl: { ...TCL, file: "a/b.tcl" } }, ["tcl.file"]],
    [{ tcl: { ...TCL, image: "tcl:8" } }, ["tcl.image"]],
    [{ Tcl: TCL }, ["Tcl"]],
    ["{", [""]],
  ];
  for (const [given, paths] of table) assertEquals(refusal(given).paths, paths, JSON.stringify(given));
  const { message } = refusal({ tcl: { ...TCL, run: ["tclsh", "main.tcl"] } });
  assert(message.includes('One of the words holds "{file}"'), message);
});
