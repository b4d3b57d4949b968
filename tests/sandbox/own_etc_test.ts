import { assertEquals, assertMatch } from "@std/assert";
import { OwnEtc } from "../../src/sandbox/own_etc.ts";

/** Files that every machine has, and no program is to see as they are. */
const OF_THE_HOST = ["shadow", "machine-id", "resolv.conf", "fstab", "environment", "ssh"];

async function withEtc(test: (etc: OwnEtc, directory: string) => Promise<void> | void): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(new OwnEtc(directory), directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("OwnEtc names two users, no host but this one, and nothing of the machine", () =>
  withEtc((etc) => {
    const path = etc.with([]);
    const read = (name: string) => Deno.readTextFileSync(`${path}/${name}`);
    assertEquals(read("passwd").trimEnd().split("\n").map((line) => line.split(":")[0]), ["root", "program"]);
    assertEquals(read("group").trimEnd().split("\n").map((line) => line.split(":")[0]), ["root", "program"]);
    assertEquals([read("hostname"), read("hosts").includes(Deno.hostname())], ["codebeaker\n", false]);
    assertMatch(read("nsswitch.conf"), /^hosts: files$/m);
    const names = [...Deno.readDirSync(path)].map(({ name }) => name);
    assertEquals(names.filter((name) => OF_THE_HOST.includes(name)), []);
  }));

Deno.test("OwnEtc copies what is asked for: a symlink as it is, and nothing for what is not there", () =>
  withEtc((etc) => {
    const link = [...Deno.readDirSync("/etc/alternatives")].find(({ isSymlink }) => isSymlink)?.name ?? "";
    const path = etc.with(["/etc/profile", "/etc/none/of/these"]);
    assertEquals(Deno.readTextFileSync(`${path}/profile`), Deno.readTextFileSync("/etc/profile"));
    assertEquals([...Deno.readDirSync(path)].filter(({ name }) => name === "none"), []);
    assertEquals(Deno.readLinkSync(`${path}/alternatives/${link}`), Deno.readLinkSync(`/etc/alternatives/${link}`));
  }));

Deno.test("OwnEtc makes a directory once for each set of paths", () =>
  withEtc((etc) => {
    assertEquals([etc.with([]), etc.with(["/etc/profile"])], [etc.with([]), etc.with(["/etc/profile"])]);
    assertEquals(etc.with([]) === etc.with(["/etc/profile"]), false);
  }));

Deno.test("OwnEtc makes a directory anew when the machine's files have changed", () =>
  withEtc((etc) => {
    const file = Deno.makeTempFileSync({ dir: "/tmp" }); // It stands for one of /etc, whose name is as long.
    try {
      const read = () => Deno.readTextFileSync(`${etc.with([file])}/${file.slice("/tmp/".length)}`);
      const texts = ["old", "new"].map((text, index) => {
        Deno.writeTextFileSync(file, text);
        Deno.utimeSync(file, index, index);
        return read();
      });
      assertEquals(texts, ["old", "new"]);
    } finally {
      Deno.removeSync(file);
    }
  }));

Deno.test("OwnEtc mounts one file system for all of them, and makes them without where none can be mounted", async () => {
  for (const fails of [false, true]) {
    await withEtc(async (_, directory) => {
      const mounted: string[] = [];
      const etc = new OwnEtc(directory, {
        mountTmpfs(path) {
          mounted.push(path);
          if (fails) throw new Error("Not here");
        },
      });
      const made = [etc.with([]), etc.with(["/etc/profile"])];
      assertEquals(mounted, [`${directory}/etc`]);
      assertEquals(made, ["etc_0", "etc_1"].map((name) => `${directory}/etc/${name}`));
      await Deno.lstat(`${made[0]}/passwd`);
    });
  }
});
