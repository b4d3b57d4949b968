import { assertEquals } from "@std/assert";
import { loadDraft, saveFiles, saveProgram } from "../../../../../src/server/console/page/run/draft.ts";
import { emptyForm, type FormFile } from "../../../../../src/server/console/page/run/program_form.ts";

function fileOf(content: string): readonly FormFile[] {
  return [{ path: "data.txt", content, encoding: "utf8" }];
}

Deno.test("a draft is kept with its files, and without them where the tab has no room", () => {
  const small = fileOf("small");
  const table: readonly (readonly [code: string, files: readonly FormFile[], kept: readonly FormFile[]])[] = [
    ["1", small, small],
    ["2", fileOf("x".repeat(5_000_000)), []],
    ["3", fileOf("\u0001".repeat(3_000_000)), []], // Short enough, and six times as long in JSON.
    ["4", fileOf("x".repeat(3_900_000)), fileOf("x".repeat(3_900_000))],
    ["5".repeat(8_000_000), fileOf("x".repeat(3_900_000)), []], // The program comes first.
  ];
  for (const [code, files, kept] of table) {
    saveFiles(files);
    saveProgram({ ...emptyForm("python", code), files });
    saveProgram({ ...emptyForm("python", code), files }); // Deno refuses what comes after the excess.
    const draft = loadDraft();
    assertEquals([draft.language, draft.code === code, draft.files.length], ["python", true, kept.length], code[0]);
    assertEquals(draft.files[0]?.content === kept[0]?.content, true, code[0]);
  }
});
