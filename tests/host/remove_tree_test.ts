import { assertEquals, assertRejects } from "@std/assert";
import { removeTree } from "../../src/host/remove_tree.ts";

Deno.test("removeTree() removes files, trees, links without what they point to, and what is not there", async () => {
  const parent = await Deno.makeTempDir();
  await Deno.mkdir(`${parent}/tree/a/b/c`, { recursive: true });
  await Deno.mkdir(`${parent}/tree/a/d`);
  await Deno.mkdir(`${parent}/kept`);
  await Deno.writeTextFile(`${parent}/kept/file`, "");
  for (const path of ["tree/file", "tree/a/b/c/file", "tree/a/d/file", "single"]) {
    await Deno.writeTextFile(`${parent}/${path}`, "");
  }
  await Deno.symlink(`${parent}/kept`, `${parent}/tree/a/link`);
  for (const path of ["tree", "single", "nothing"]) await removeTree(`${parent}/${path}`);
  assertEquals(await Array.fromAsync(Deno.readDir(parent), ({ name }) => name), ["kept"]);
  assertEquals(await Array.fromAsync(Deno.readDir(`${parent}/kept`), ({ name }) => name), ["file"]);
  await Deno.remove(parent, { recursive: true });
});

Deno.test("removeTree() removes what a program took its own permissions away from", async () => {
  const parent = await Deno.makeTempDir();
  await Deno.mkdir(`${parent}/tree/a/b/c`, { recursive: true });
  await Deno.writeTextFile(`${parent}/tree/a/b/file`, "");
  for (const path of ["tree/a/b/c", "tree/a/b", "tree/a", "tree"]) await Deno.chmod(`${parent}/${path}`, 0);
  await removeTree(`${parent}/tree`);
  assertEquals(await Array.fromAsync(Deno.readDir(parent)), []);
  await Deno.remove(parent);
});

Deno.test("removeTree() goes on where somebody else removes the tree, or a part of it", async () => {
  const directory = await Deno.makeTempDir();
  for (let index = 0; index < 90; index++) {
    await Deno.mkdir(`${directory}/${index % 3}/${index}`, { recursive: true });
    await Deno.writeTextFile(`${directory}/${index % 3}/${index}/file`, "");
  }
  const paths = [directory, directory, ...[0, 1, 2].map((part) => `${directory}/${part}`)];
  const ends = await Promise.allSettled(paths.map(removeTree));
  assertEquals(ends.filter(({ status }) => status === "rejected"), []);
  await assertRejects(() => Deno.lstat(directory), Deno.errors.NotFound);
});

Deno.test("removeTree() follows no symlink that takes a directory's place meanwhile", async () => {
  const parent = await Deno.makeTempDir();
  for (const name of ["aside", "kept", "tree"]) await Deno.mkdir(`${parent}/${name}`);
  await Deno.writeTextFile(`${parent}/kept/file`, "");
  const names = Array.from({ length: 120 }, (_, index) => `${index}`);
  for (const name of names) await Deno.mkdir(`${parent}/tree/${name}`);
  const swapAll = async () => {
    for (const name of names) {
      await Deno.rename(`${parent}/tree/${name}`, `${parent}/aside/${name}`);
      await Deno.symlink(`${parent}/kept`, `${parent}/tree/${name}`);
    }
  };
  await Promise.allSettled([removeTree(`${parent}/tree`), swapAll()]);
  assertEquals(await Array.fromAsync(Deno.readDir(`${parent}/kept`), ({ name }) => name), ["file"]);
  await Deno.remove(parent, { recursive: true });
});
