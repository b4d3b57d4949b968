import { assert, assertEquals } from "@std/assert";
import { removeTree } from "../../src/host/remove_tree.ts";
import { type DiskUsage, SizeWatch, treeUsage } from "../../src/host/size_watch.ts";
import { until } from "../support/until.ts";

const NOTHING = { bytes: 0, files: 0 };

Deno.test("treeUsage() counts what lies in a directory at any depth, empty files and directories too", async () => {
  const directory = await Deno.makeTempDir();
  assertEquals(await treeUsage(directory), NOTHING);
  await Deno.mkdir(`${directory}/a/b`, { recursive: true });
  await Deno.writeFile(`${directory}/a/b/file`, new Uint8Array(1_000_000).fill(1));
  const before = await treeUsage(directory);
  assert(before.bytes >= 1_000_000 && before.bytes < 1_200_000, `${before.bytes}`);
  assertEquals(before.files, 3);
  for (let index = 0; index < 100; index++) await Deno.writeFile(`${directory}/${index}`, new Uint8Array());
  const after = await treeUsage(directory);
  assert(after.bytes >= before.bytes + 100 * 512);
  assertEquals(after.files, 103);
  await Deno.remove(directory, { recursive: true });
  assertEquals(await treeUsage(directory), NOTHING);
});

Deno.test("treeUsage() counts no further than its bounds", async () => {
  const directory = await Deno.makeTempDir();
  for (let file = 0; file < 20; file++) await Deno.writeTextFile(`${directory}/${file}`, "x");
  assertEquals((await treeUsage(directory, { bounds: { bytes: 1_000_000, files: 5 } })).files, 6);
  assertEquals((await treeUsage(directory, { bounds: { bytes: 1_000_000, files: 50 } })).files, 20);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("treeUsage() takes what lies too deep to be looked at for more than its bounds", async () => {
  const directory = await Deno.makeTempDir();
  for (let level = 0; level < 30; level++) {
    await Deno.mkdir(`${directory}/next`);
    if (level > 0) await Deno.rename(`${directory}/top`, `${directory}/next/${"d".repeat(200)}`);
    await Deno.rename(`${directory}/next`, `${directory}/top`);
  }
  assertEquals((await treeUsage(directory, { bounds: { bytes: 1_000_000, files: 1_000 } })).bytes, 1_000_001);
  await removeTree(directory);
});

Deno.test("treeUsage() follows no symlink", async () => {
  const directory = await Deno.makeTempDir();
  await Deno.symlink("/usr", `${directory}/usr`);
  await Deno.symlink("..", `${directory}/up`);
  const { bytes, files } = await treeUsage(directory);
  assert(bytes <= 2 * 4_096);
  assertEquals(files, 2);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("treeUsage() takes what lies deeper than a path may be long for more than any bounds", async () => {
  const directory = await Deno.makeTempDir();
  const leaf = `${directory}/leaf`;
  await Deno.mkdir(leaf);
  await Deno.writeFile(`${leaf}/file`, new Uint8Array(100_000).fill(1));
  const name = "n".repeat(200);
  for (let level = 0; level < 30; level++) {
    await Deno.mkdir(`${directory}/next`);
    await Deno.rename(leaf, `${directory}/next/${name}`);
    await Deno.rename(`${directory}/next`, leaf);
  }
  const { bytes } = await treeUsage(directory, { bounds: { bytes: 1e9, files: 1_000 } });
  assert(bytes > 1e9, `${bytes}`);
  await removeTree(directory);
});

Deno.test("treeUsage() counts the rest where a program closed a directory", async () => {
  const directory = await Deno.makeTempDir();
  await Deno.mkdir(`${directory}/closed`, { mode: 0 });
  await Deno.writeFile(`${directory}/file`, new Uint8Array(100_000).fill(1));
  const { bytes, files } = await treeUsage(directory);
  assertEquals(files, 2);
  assert(bytes >= 100_000, `${bytes}`);
  await removeTree(directory);
});

/** A watch on something whose size a test says, until one that cannot be told. */
function watchSizes(bounds: DiskUsage, sizes: readonly (DiskUsage | undefined)[]) {
  const observed: DiskUsage[] = [];
  let looks = 0;
  const watch = new SizeWatch({
    bounds: () => bounds,
    restMs: 1,
    measure() {
      const size = sizes[Math.min(looks++, sizes.length - 1)];
      return size === undefined ? Promise.reject(new Error("it is gone")) : Promise.resolve(size);
    },
    onExceeded: (usage) => void observed.push(usage),
  });
  return { watch, observed, looks: () => looks };
}

Deno.test("SizeWatch tells each look that finds more bytes, or more files, than the bounds", async () => {
  const bounds = { bytes: 100, files: 10 };
  const within = [{ bytes: 100, files: 10 }, NOTHING];
  const [bytes, files] = [{ bytes: 101, files: 0 }, { bytes: 0, files: 11 }];
  const small = watchSizes(bounds, within);
  await until(() => small.looks() >= 4, "it looked again and again");
  await small.watch.stop();
  assertEquals(small.observed, []);
  const large = watchSizes(bounds, [...within, bytes, files, NOTHING]);
  await until(() => large.looks() >= 6, "it looked again and again");
  await large.watch.stop();
  assertEquals(large.observed, [bytes, files]);
});

Deno.test("SizeWatch reports a size that exceeds the bounds from before the look and those from after it", async () => {
  const [low, high] = [{ bytes: 1, files: 0 }, { bytes: 3, files: 0 }];
  const countReports = async (before: DiskUsage, after: DiskUsage) => {
    const sizes = [{ bytes: 2, files: 0 }];
    let [bounds, count] = [before, 0];
    const measure = () => (bounds = after, sizes.pop() ?? NOTHING);
    await new SizeWatch({ bounds: () => bounds, measure, onExceeded: () => void count++ }).stop();
    return count;
  };
  assertEquals(
    [await countReports(low, high), await countReports(high, low), await countReports(low, low)],
    [0, 0, 1],
  );
});

Deno.test("SizeWatch has a last look when it is stopped, and none after that", async () => {
  const { watch, observed, looks } = watchSizes({ bytes: 1, files: 1 }, [NOTHING, { bytes: 2, files: 0 }]);
  await watch.stop();
  assertEquals(observed.at(-1), { bytes: 2, files: 0 });
  const before = looks();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals(looks(), before);
});

Deno.test("SizeWatch looks again at what could not be looked at", async () => {
  const { watch, observed, looks } = watchSizes({ bytes: 1, files: 1 }, [undefined, undefined, { bytes: 2, files: 0 }]);
  await until(() => looks() >= 3, "it looked again");
  await watch.stop();
  assert(observed.length > 0);
  const gone = watchSizes({ bytes: 1, files: 1 }, [undefined]);
  await gone.watch.stop();
  assertEquals(gone.observed, []);
});

Deno.test("SizeWatch measures what is idle less often, until something is about to write", async () => {
  const counts = { idle: 0, woken: 0 };
  const watching = (name: keyof typeof counts) => {
    const measure = () => {
      counts[name]++;
      return NOTHING;
    };
    return new SizeWatch({ bounds: () => NOTHING, isIdle: () => true, measure, onExceeded: () => {} });
  };
  const [idle, woken] = [watching("idle"), watching("woken")];
  const waking = setInterval(() => woken.expectWork(), 5);
  await until(() => counts.idle >= 2 && counts.woken > counts.idle + 5, "one was measured more often than the other");
  clearInterval(waking);
  for (const watch of [idle, woken]) await watch.stop(); // This waits for no rest.
  woken.expectWork(); // Starts nothing: the sanitizer would find its timer.
});
