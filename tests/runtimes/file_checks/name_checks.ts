import { assertEquals } from "@std/assert";
import { encode, type FileChecks, listPaths, readText } from "./bench.ts";

/** Names that a shell, an option parser or a line of output could take for something else. */
export const NAMES: readonly string[] = [
  "-rf",
  "--help",
  "--",
  "-",
  "*",
  "a b ",
  " ",
  "\n",
  "line\nline",
  "end\n",
  "end",
  "'",
  '"',
  'it\'s "$(touch x)" `touch y`',
  "\\",
  "\\n%s$HOME",
  "a|b;c&d",
  "=",
  "...",
  ".-",
  "tab\t\r\x1b[0m",
  "grüße",
  "gru\u0308ße",
  "\uff5e",
  "😀",
  "\ufeff",
  "n".repeat(255),
];

/** What names may be. */
export const NAME_CHECKS: FileChecks = {
  async "every name is a name, of files"({ files }) {
    for (const name of NAMES) {
      await files.write(`d/${name}`, encode(name));
      assertEquals(await readText(files, `d/${name}`), name);
    }
    assertEquals(await listPaths(files, "d"), NAMES.toSorted().map((name) => `d/${name} file`));
  },

  async "every name is a name, at the top and of directories"({ files }) {
    for (const name of NAMES) {
      await files.createDirectory(name);
      await files.copy(name, `copies/${name}`);
      await files.move(name, `moved/${name}`);
    }
    const below = (top: string) => NAMES.map((name) => `${top}/${name} directory`);
    assertEquals((await listPaths(files, "copies")).toSorted(), below("copies").toSorted());
    assertEquals((await listPaths(files, "moved")).toSorted(), below("moved").toSorted());
    for (const name of NAMES) await files.delete(`moved/${name}`, { recursive: true });
    assertEquals(await listPaths(files, "moved"), []);
  },

  async "every name may be what a link points to"({ files, plant }) {
    const names = ["-rf", "--help", "end\n", "end", "\n", "a b ", "*", "\\n", "line\nline"];
    for (const name of names) await files.write(`d/${name}`, encode(name));
    await plant(names.map((name, index) => `ln -s -- '${name}' d/link${index}`).join("; "));
    for (const [index, name] of names.entries()) assertEquals(await readText(files, `d/link${index}`), name);
  },
};
