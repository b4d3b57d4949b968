import { assertEquals } from "@std/assert";
import { fileSystemTypeAt, parseMounts } from "../../src/host/mounts.ts";

const MOUNTS = parseMounts(`22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw
23 22 0:21 / /tmp rw,nosuid shared:2 - tmpfs tmpfs rw
24 22 0:22 / /home/shared rw - nfs4 server:/home rw
25 23 0:23 / /tmp rw - overlay overlay rw
26 22 0:24 /docker/a /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu,cpuacct
27 22 0:25 / /mnt/two\\040words rw - xfs /dev/sdb rw
`);

Deno.test("parseMounts() reads root, point, type and the file system's own options, with escapes decoded", () => {
  assertEquals(MOUNTS.length, 6);
  assertEquals(MOUNTS[4], {
    root: "/docker/a",
    point: "/sys/fs/cgroup/cpu",
    type: "cgroup",
    superOptions: ["rw", "cpu", "cpuacct"],
  });
  assertEquals(MOUNTS[5]?.point, "/mnt/two words");
});

Deno.test("fileSystemTypeAt() gives the type of the last and deepest mount above a path", () => {
  const table = { "/": "ext4", "/var/lib": "ext4", "/tmpfoo": "ext4", "/tmp": "overlay", "/home/shared/x": "nfs4" };
  for (const [path, type] of Object.entries(table)) assertEquals([path, fileSystemTypeAt(path, MOUNTS)], [path, type]);
  assertEquals(fileSystemTypeAt("/tmp", []), "an unknown file system");
});
