import { assertEquals } from "@std/assert";
import { assertRefused, encode, type FileChecks, type FilesBench, listPaths, readText } from "./bench.ts";

/** What symlinks in a path do. Absolute ones are meant as a program sees them: the workspace is `/workspace`. */
export const LINK_CHECKS: FileChecks = {
  async "a link that stays inside is followed"({ files, plant }) {
    await files.write("real/f", encode("inside"));
    await files.write("real/deep/g", encode("deeper"));
    await plant(
      "ln -s real way; ln -s /workspace/real absolute; ln -s ../real/f real/up; ln -s /workspace all; ln -s way chain; " +
        "ln -s real/ slash; ln -s ./real/../real/deep dots; ln -s ../deep real/deep/round",
    );
    for (
      const path of ["way/f", "absolute/f", "real/up", "way/up", "all/real/f", "chain/f", "all/all/way/f", "slash/f"]
    ) {
      assertEquals([path, await readText(files, path)], [path, "inside"]);
    }
    for (const path of ["dots/g", "real/deep/round/g", "way/deep/round/round/g"]) {
      assertEquals([path, await readText(files, path)], [path, "deeper"]);
    }
    await files.write("way/f", encode("written"));
    await files.write("real/up", encode(" more"), "append");
    assertEquals(await readText(files, "real/f"), "written more");
    assertEquals((await files.stat("real/up")).type, "symlink");
    await files.createDirectory("way");
    await files.createDirectory("all/new");
    assertEquals((await files.stat("new")).type, "directory");
    await files.move("absolute/f", "way/moved");
    assertEquals(await readText(files, "real/moved"), "written more");
  },

  async "a dangling link is not found, and what is written through it is made where it points"({ files, plant }) {
    await plant("ln -s a file; ln -s b/c below; ln -s d directory; ln -s e made; ln -s /workspace/g absolute");
    await assertRefused("not_found", {
      read: () => files.read("file"),
      "read below": () => files.read("directory/x"),
      list: () => files.list("directory"),
      copy: () => files.copy("file", "x"),
    });
    await files.write("file", encode("1"));
    await files.write("below", encode("2"));
    await files.write("directory/x", encode("3"));
    await files.createDirectory("made");
    await files.write("absolute", encode("4"), "append");
    assertEquals((await listPaths(files)).filter((line) => !line.endsWith("symlink")), [
      "a file",
      "b directory",
      "b/c file",
      "d directory",
      "d/x file",
      "e directory",
      "g file",
    ]);
  },

  async "a link is in the way of what must be new"({ files, plant }) {
    await files.write("f", encode("kept"));
    await plant("ln -s f link; ln -s nowhere dangling; ln -s /etc/passwd out; ln -s loop loop");
    for (const path of ["link", "dangling", "out", "loop"]) {
      await assertRefused("conflict", { [path]: () => files.write(path, encode("x"), "create_new") });
    }
    await assertRefused("conflict", {
      "a directory where a link to a file is": () => files.createDirectory("link"),
    });
    assertEquals(await readText(files, "f"), "kept");
  },

  async "a link that points to a file as a directory is refused"({ files, plant }) {
    await files.write("f", encode("f"));
    await plant("ln -s f/ slash; ln -s f/../f through");
    await assertRefused("invalid_request", {
      read: () => files.read("slash"),
      stat: () => files.stat("slash", { follow: true }),
      "read through": () => files.read("through"),
    });
  },

  async "links that form a loop are refused"({ files, plant }) {
    await files.write("f", encode("f"));
    await plant("ln -s loop loop; ln -s pong ping; ln -s ping pong; ln -s deeper/x deeper");
    for (const path of ["loop", "ping", "deeper", "loop/x"]) {
      await assertRefused("permission_denied", {
        [`read ${path}`]: () => files.read(path),
        [`write ${path}`]: () => files.write(path, encode("x")),
        [`list ${path}`]: () => files.list(path),
        [`stat ${path}`]: () => files.stat(path, { follow: true }),
        [`copy ${path}`]: () => files.copy(path, "x"),
        [`copy to ${path}`]: () => files.copy("f", path),
        [`create ${path}`]: () => files.createDirectory(path),
      });
    }
    assertEquals((await files.stat("loop")).type, "symlink");
  },

  async "a chain of 30 links is followed"({ files, plant }) {
    await files.write("link0", encode("end"));
    await plant("i=1; while [ $i -le 30 ]; do ln -s link$((i - 1)) link$i; i=$((i + 1)); done");
    assertEquals(await readText(files, "link30"), "end");
  },

  "a link that leads out of the workspace is refused by every operation": (bench) =>
    withOutside(bench, async (outside) => {
      const { files, plant } = bench;
      await files.write("own", encode("own"));
      await files.createDirectory("a");
      await plant(
        `ln -s ${outside} absolute; ln -s ../..${outside} relative; ln -s a/../../..${outside} deep; ln -s / root; ln -s .. up; ` +
          `ln -s ${outside}/secret file; ln -s absolute chain; ln -s ${outside}/fresh dangling; ln -s up/x sideways`,
      );
      for (const path of ["absolute", "relative", "root", "chain"]) {
        await assertRefused("permission_denied", {
          [`list ${path}`]: () => files.list(path),
          [`stat ${path}`]: () => files.stat(path, { follow: true }),
          [`copy ${path}`]: () => files.copy(path, "stolen"),
          [`create ${path}`]: () => files.createDirectory(path),
          [`stat below ${path}`]: () => files.stat(`${path}/secret`),
          [`delete below ${path}`]: () => files.delete(`${path}/secret`, { recursive: true }),
          [`move below ${path}`]: () => files.move("own", `${path}/x`),
          [`move from below ${path}`]: () => files.move(`${path}/secret`, "stolen"),
          [`create below ${path}`]: () => files.createDirectory(`${path}/x`),
        });
      }
      const paths = ["file", "dangling", "sideways", "absolute/secret", "deep/secret", `root${outside}/secret`, "up/x"];
      for (const path of paths) {
        await assertRefused("permission_denied", {
          [`read ${path}`]: () => files.read(path),
          [`write ${path}`]: () => files.write(path, encode("x")),
          [`append ${path}`]: () => files.write(path, encode("x"), "append"),
          [`copy ${path}`]: () => files.copy(path, "stolen"),
          [`copy to ${path}`]: () => files.copy("own", path),
        });
      }
      await assertRefused("not_found", { stolen: () => files.stat("stolen") });
    }),

  async "a link that only looks as if it stayed inside is refused"({ files, plant }) {
    await files.write("f", encode("f"));
    const targets = [
      "/workspacex",
      "/workspace/../etc/passwd",
      "../workspace/f",
      "/proc/self/cwd/f",
      "/etc/passwd",
      "../../../../../../../../etc/passwd",
    ];
    await plant(targets.map((target, index) => `ln -s ${target} link${index}`).join("; "));
    for (const [index, target] of targets.entries()) {
      await assertRefused("permission_denied", {
        [`read ${target}`]: () => files.read(`link${index}`),
        [`stat ${target}`]: () => files.stat(`link${index}`, { follow: true }),
      });
    }
  },

  "a link that leads out is itself renamed, copied in its tree and deleted": (bench) =>
    withOutside(bench, async (outside) => {
      const { files, plant } = bench;
      await files.createDirectory("tree/in");
      await plant(`ln -s ${outside} tree/in/out; ln -s ${outside}/secret tree/file; ln -s ${outside} out`);
      await files.copy("tree", "copy");
      await files.move("out", "moved");
      await files.delete("moved");
      await files.delete("tree", { recursive: true });
      assertEquals(await listPaths(files), [
        "copy directory",
        "copy/file symlink",
        "copy/in directory",
        "copy/in/out symlink",
      ]);
      await files.delete("copy", { recursive: true });
    }),

  "a tree is not copied through links that lie in its way": (bench) =>
    withOutside(bench, async (outside) => {
      const { files, plant } = bench;
      await files.write("tree/name", encode("x"));
      await files.write("nested/name/f", encode("x"));
      await files.createDirectory("linked");
      await plant(
        `mkdir out in; ln -s ${outside}/secret out/name; ln -s f in/name; echo kept > in/f; ` +
          `mkdir way; ln -s ${outside} way/name; ln -s target linked/name; mkdir taken; echo kept > taken/name`,
      );
      await assertRefused("permission_denied", {
        "a file onto a link that leads out": () => files.copy("tree", "out"),
        "a file onto a link that stays inside": () => files.copy("tree", "in"),
      });
      await assertRefused("invalid_request", { "a directory onto a link": () => files.copy("nested", "way") });
      await assertRefused("conflict", { "a link onto a file": () => files.copy("linked", "taken") });
      assertEquals([await readText(files, "in/f"), await readText(files, "taken/name")], ["kept\n", "kept\n"]);
    }),
};

/**
 * Runs a check beside a directory with a secret, which must be all that is in it afterwards. It lies where the program may
 * write beside its workspace; under Landlock that is not `/tmp`.
 */
async function withOutside({ files, plant }: FilesBench, check: (outside: string) => Promise<void>): Promise<void> {
  await plant('echo "${TMPDIR:-/tmp}" > place');
  const outside = `${(await readText(files, "place")).trimEnd()}/outside-${crypto.randomUUID()}`;
  await files.delete("place");
  await plant(`mkdir ${outside}; echo secret > ${outside}/secret`);
  try {
    await check(outside);
    await plant(`test "$(ls -A ${outside})" = secret && test "$(cat ${outside}/secret)" = secret`);
  } finally {
    await plant(`rm -r ${outside}`);
  }
}
