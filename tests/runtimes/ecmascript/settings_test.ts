import { assertEquals } from "@std/assert";
import { settingsOf } from "../../../src/runtimes/ecmascript/settings.ts";

Deno.test("settingsOf() has a remedy that an installation makes, and another for a named binary, which hides what is installed", () => {
  const remedyOf = (settings: Record<string, string>) => settingsOf("node", { settings: { node: settings } }).remedy;
  assertEquals(remedyOf({}), "run codebeaker runtimes install node, or name its binary (--node-binary)");
  assertEquals(
    remedyOf({ nodeBinary: "/nowhere/node" }),
    "name another binary (--node-binary), or none to run that of codebeaker runtimes install node",
  );
});
