import { assertEquals, assertMatch } from "@std/assert";
import { checkMachine, kindOf } from "../../src/sandbox/machine_checks.ts";

const MOUNTS = `22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw
23 22 0:21 / /tmp rw,nosuid shared:2 - tmpfs tmpfs rw
24 22 0:22 / /home/shared rw - nfs4 server:/home rw
25 23 0:23 / /tmp rw - overlay overlay rw`;

Deno.test("kindOf() tells the file system of the last and deepest mount above a path", () => {
  const table = { "/": "ext4", "/var/lib": "ext4", "/tmpfoo": "ext4", "/tmp": "overlay", "/home/shared/x": "nfs4" };
  for (const [path, kind] of Object.entries(table)) assertEquals([path, kindOf(path, MOUNTS)], [path, kind]);
  assertEquals(kindOf("/tmp", ""), "an unknown file system");
});

Deno.test("checkMachine() finds directories good that can be used, and says of others what to do", async () => {
  const directory = await Deno.makeTempDir();
  const of = async (places: Parameters<typeof checkMachine>[0]) =>
    Object.fromEntries((await checkMachine(places)).map((finding) => [finding.name, finding]));
  const good = await of({ scratch: directory, home: directory });
  assertEquals([good["scratch"]?.good, good["home"]?.good], [true, true]);
  assertMatch(good["scratch"]?.detail ?? "", /, on \w+ with \d+ MB of room$/);
  assertEquals([...Deno.readDirSync(directory)], []);
  for (const path of [undefined, `${directory}/absent`]) {
    const { home, scratch } = await of({ scratch: path, home: path });
    assertEquals([scratch?.good, home?.good], [false, false]);
    assertMatch(scratch?.remedy ?? "", /--scratch/);
    assertMatch(home?.remedy ?? "", /--home/);
  }
  await Deno.remove(directory, { recursive: true });
});
