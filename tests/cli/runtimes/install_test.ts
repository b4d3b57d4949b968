import { assertEquals, assertStringIncludes } from "@std/assert";
import { RUNTIMES } from "../../../src/runtimes/registry.ts";
import { runAlone } from "../../support/cli.ts";

Deno.test("codebeaker runtimes install says which runtimes it can install, and that none was installed", async () => {
  const [name] = RUNTIMES.filter(({ install }) => install !== undefined).map((entry) => entry.name);
  const [other] = RUNTIMES.filter(({ install }) => install === undefined).map((entry) => entry.name);
  const unknown = await runAlone(["runtimes", "install", `${other}`]);
  assertEquals(unknown.code, 2);
  assertStringIncludes(unknown.stderr, `${name}`);

  const home = await Deno.makeTempDir();
  const settings = ["--home", home, "--npm-registry", "http://127.0.0.1:9/"];
  const unreachable = await runAlone(["runtimes", "install", `${name}`, ...settings]);
  assertEquals([unreachable.code, [...Deno.readDirSync(`${home}/binaries`)]], [1, []]);
  assertStringIncludes(unreachable.stderr, `Cannot install ${name} as http://127.0.0.1:9/`);
  await Deno.remove(home, { recursive: true });
});
