import { assertEquals, assertRejects } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { LateWorkspace } from "../../../src/runtimes/process/late_workspace.ts";
import { Workspace } from "../../../src/workspace/workspace.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const read = async (files: LateWorkspace, path: string, options = {}) =>
  await new Response(await files.read(path, options)).text();

/** Tests one in a directory of its own; `made` tells how often the workspace was made. */
async function withLate(test: (files: LateWorkspace, made: () => number) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir();
  const asideDirectory = await Deno.makeTempDir();
  let made = 0;
  try {
    await using files = new LateWorkspace(() => {
      made++;
      return new Workspace(root, { asideDirectory });
    });
    await test(files, () => made);
  } finally {
    await Promise.all([root, asideDirectory].map((path) => Deno.remove(path, { recursive: true })));
  }
}

Deno.test("LateWorkspace keeps files that are written and read in memory", async () => {
  await withLate(async (files, made) => {
    await files.write("main.js", encode("first"));
    await files.write("main.js", encode("second"));
    await files.write("lib/a.js", encode(""));
    assertEquals([await read(files, "main.js"), await read(files, "lib/a.js")], ["second", ""]);
    assertEquals(await read(files, "main.js", { offset: 1, length: 3 }), "eco");
    assertEquals(made(), 0);
  });
});

Deno.test("LateWorkspace makes the workspace with what was written as soon as anything else is asked", async () => {
  const asks: readonly ((files: LateWorkspace) => Promise<unknown>)[] = [
    (files) => files.list("."),
    (files) => files.write("main.js/below.js", encode("")).catch(() => {}),
    (files) => files.write("ü", encode("")),
    (files) => assertRejects(() => files.write("lib/../../out.js", encode("")), CodeBeakerError),
    (files) => files.write("more.js", encode(""), "append"),
    (files) => files.write("large.bin", new Uint8Array(300_000)),
    (files) => files.copy("main.js", "copy.js"),
    (files) => Promise.all([files.stat("main.js"), files.stat("main.js")]),
  ];
  for (const ask of asks) {
    await withLate(async (files, made) => {
      await files.write("main.js", encode("text"));
      await ask(files);
      await files.write("later.js", encode("later"));
      assertEquals([await read(files, "main.js"), await read(files, "later.js"), made()], ["text", "later", 1]);
      const { children = [] } = await files.list(".");
      assertEquals(children.map(({ name }) => name).includes("later.js"), true);
    });
  }
});

Deno.test("LateWorkspace has no file that was not written", async () => {
  await withLate(async (files) => {
    const error = await assertRejects(() => files.read("none.js"), CodeBeakerError);
    assertEquals(error.code, "not_found");
  });
});
