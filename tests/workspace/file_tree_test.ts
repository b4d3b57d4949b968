import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { DirectoryHandle } from "../../src/workspace/directory_handle.ts";
import { copyTree, listTree } from "../../src/workspace/file_tree.ts";
import { holdThread } from "../support/hold_thread.ts";

/** Opens a directory with two links, in which each look at an entry takes long, and tells when other work has run. */
async function withSlowDirectory(test: (slow: DirectoryHandle, hasRun: () => boolean) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(root, "from"));
    for (const name of ["a", "b"]) await Deno.symlink("nowhere", join(root, "from", name));
    using slow = DirectoryHandle.openRoot(root);
    const child = slow.child.bind(slow);
    slow.child = (name) => {
      holdThread();
      return child(name);
    };
    let hasRun = false;
    const timer = setTimeout(() => hasRun = true, 0);
    await test(slow, () => hasRun);
    clearTimeout(timer);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const { signal } = new AbortController();

Deno.test("listTree() lets other work run between two entries", () =>
  withSlowDirectory(async (slow, hasRun) => {
    const [entry] = await listTree(slow, { path: ".", depth: Infinity, signal });
    assertEquals([entry?.name, entry?.children?.map(({ path }) => path), hasRun()], [
      "from",
      ["from/a", "from/b"],
      true,
    ]);
  }));

Deno.test("listTree() has few trees open at a time", () =>
  withSlowDirectory(async (slow) => {
    let [open, most] = [0, 0];
    const openIfDirectory = slow.openIfDirectory.bind(slow);
    slow.openIfDirectory = (name) => {
      const opened = openIfDirectory(name);
      const close = opened?.[Symbol.dispose].bind(opened);
      most = Math.max(most, ++open);
      return opened && Object.assign(opened, { [Symbol.dispose]: () => (open--, close?.()) });
    };
    await Promise.all(Array.from({ length: 5 }, () => listTree(slow, { path: ".", depth: Infinity, signal })));
    assertEquals(most, 2);
  }));

Deno.test("listTree() leaves out what vanishes meanwhile", () =>
  withSlowDirectory(async (slow) => {
    const child = slow.child;
    slow.child = (name) => {
      if (name === "from") Deno.removeSync(child(name), { recursive: true });
      return child(name);
    };
    assertEquals(await listTree(slow, { path: ".", depth: Infinity, signal }), []);
  }));

Deno.test("copyTree() lets other work run between two entries", () =>
  withSlowDirectory(async (slow, hasRun) => {
    const names = { from: { directory: slow, name: "from" }, to: { directory: slow, name: "to" } };
    await copyTree(names, { path: "from", signal });
    assertEquals([[...Deno.readDirSync(join(slow.self, "to"))].length, hasRun()], [2, true]);
  }));
