import { assertEquals, assertThrows } from "@std/assert";
import { stageBinary, stageFiles } from "../../src/sandbox/reach.ts";

/** A file that opens, and fails as it is read. */
const UNREADABLE = "/proc/self/mem";
const isHere = Deno.build.os === "linux";

Deno.test({
  name:
    "stageFiles() and stageBinary() leave nothing of a file that they could not copy to its end, and replace an old one",
  ignore: !isHere,
  fn() {
    const [source, directory] = [Deno.makeTempDirSync(), Deno.makeTempDirSync()];
    using _made = {
      [Symbol.dispose]: () => [source, directory].forEach((made) => Deno.removeSync(made, { recursive: true })),
    };
    Deno.symlinkSync(UNREADABLE, `${source}/part`);
    assertThrows(() => stageFiles(source, directory), Error);
    const [staged] = [...Deno.readDirSync(directory)];
    assertEquals([...Deno.readDirSync(`${directory}/${staged?.name}`)], []);
    assertThrows(() => stageBinary(UNREADABLE, `${directory}/${staged?.name}`), Error);
    assertEquals([...Deno.readDirSync(`${directory}/${staged?.name}`)], []);
    Deno.removeSync(`${source}/part`);
    Deno.writeTextFileSync(`${source}/part`, "whole", { mode: 0o600 });
    const path = stageFiles(source, directory);
    assertEquals([Deno.readTextFileSync(`${path}/part`), (Deno.statSync(`${path}/part`).mode ?? 0) & 0o777], [
      "whole",
      0o644,
    ]);
    assertEquals([...Deno.readDirSync(path)].length, 1);
    for (const text of ["linked", "linked anew"]) {
      Deno.removeSync(`${source}/part`);
      Deno.writeTextFileSync(`${source}/part`, text, { mode: 0o644 });
      assertEquals(Deno.readTextFileSync(`${stageFiles(source, directory)}/part`), text);
      assertEquals(Deno.statSync(`${path}/part`).ino, Deno.statSync(`${source}/part`).ino);
    }
    assertEquals([...Deno.readDirSync(path)].length, 1);
  },
});
