import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { findRelease } from "../../../src/runtimes/ecmascript/release.ts";

Deno.test("findRelease() takes a binary on the search path, and never Deno's stand-in for Node", async () => {
  const directory = await Deno.makeTempDir();
  const [standIn, own] = [join(directory, "node_compat_bin"), join(directory, "bin")];
  for (const place of [standIn, own]) {
    await Deno.mkdir(place);
    await Deno.writeTextFile(join(place, "node"), "", { mode: 0o755 });
  }
  const find = (named: string | undefined, searchPath: readonly string[]) =>
    findRelease({ binary: "node", packages: {} }, {
      home: undefined,
      named,
      searchPath,
      setting: "binary",
      remedy: "",
    });
  for (const named of [undefined, "node"]) {
    assertEquals(find(named, [standIn, own]), join(own, "node"));
    assertThrows(() => find(named, [standIn]), CodeBeakerError, "binary must name an executable file");
  }
  await Deno.remove(directory, { recursive: true });
});
