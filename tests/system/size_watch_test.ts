import { assert, assertEquals } from "@std/assert";
import { SizeWatch, treeSize } from "../../src/system/size_watch.ts";
import { until } from "../support/until.ts";

Deno.test("treeSize() counts what lies in a directory at any depth, empty files and directories too", async () => {
  const directory = await Deno.makeTempDir();
  assertEquals(await treeSize(directory), 0);
  await Deno.mkdir(`${directory}/a/b`, { recursive: true });
  await Deno.writeFile(`${directory}/a/b/file`, new Uint8Array(1_000_000).fill(1));
  const before = await treeSize(directory);
  assert(before >= 1_000_000 && before < 1_200_000, `${before}`);
  for (let index = 0; index < 100; index++) await Deno.writeFile(`${directory}/${index}`, new Uint8Array());
  assert(await treeSize(directory) >= before + 100 * 512);
  await Deno.remove(directory, { recursive: true });
  assertEquals(await treeSize(directory), 0);
});

Deno.test("treeSize() follows no symlink", async () => {
  const directory = await Deno.makeTempDir();
  await Deno.symlink("/usr", `${directory}/usr`);
  await Deno.symlink("..", `${directory}/up`);
  assert(await treeSize(directory) <= 2 * 4_096);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("SizeWatch tells when a directory grows beyond the limit, and at its last look", async () => {
  const directory = await Deno.makeTempDir();
  const observed: number[] = [];
  const options = { limitBytes: 100_000, onExceeded: (bytes: number) => void observed.push(bytes) };
  const watch = new SizeWatch(directory, options);
  await Deno.writeFile(`${directory}/small`, new Uint8Array(50_000).fill(1));
  await watch.stop();
  assertEquals(observed, []);
  const second = new SizeWatch(directory, options);
  await Deno.writeFile(`${directory}/large`, new Uint8Array(100_000).fill(1));
  await until(() => observed.length > 0, "it was seen");
  await second.stop();
  const third = new SizeWatch(`${directory}/nothing`, options);
  await third.stop();
  assert(observed.length >= 2 && observed.every((bytes) => bytes >= 150_000), `${observed}`);
  await Deno.remove(directory, { recursive: true });
});
