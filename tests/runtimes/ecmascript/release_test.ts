import { assertEquals, assertThrows } from "@std/assert";
import { dirname, join } from "@std/path";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { findRelease, installedPath, type Release } from "../../../src/runtimes/ecmascript/release.ts";

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
  const table = [
    [undefined, "node is neither installed nor on the search path"],
    ["node", "binary must name an executable file"],
  ] as const;
  for (const [named, why] of table) {
    assertEquals(find(named, [standIn, own]), join(own, "node"));
    assertThrows(() => find(named, [standIn]), CodeBeakerError, why);
  }
  await Deno.remove(directory, { recursive: true });
});

Deno.test("findRelease() takes the installed binary where it may be executed, else that on the search path", async () => {
  const home = await Deno.makeTempDir();
  const found = { name: "x", version: "9", integrity: "" };
  const release: Release = { binary: "x", packages: { [`${Deno.build.os}-${Deno.build.arch}`]: found } };
  const [installed, own] = [installedPath(home, release, found), join(home, "bin", "x")];
  for (const path of [installed, own]) {
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(path, "", { mode: 0o755 });
  }
  const find = () =>
    findRelease(release, { home, named: undefined, searchPath: [dirname(own)], setting: "binary", remedy: "" });
  assertEquals(find(), installed);
  await Deno.chmod(installed, 0o644);
  assertEquals(find(), own);
  await Deno.remove(home, { recursive: true });
});
