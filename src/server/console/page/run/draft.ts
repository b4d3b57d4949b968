import { forget, keep, readKept } from "../parts/tab_storage.ts";
import { emptyForm, type FormFile, lengthOfFiles, type ProgramForm } from "./program_form.ts";
import { sampleOf } from "./languages.ts";

const KEPT_AS = "codebeaker.draft";
const FILES_KEPT_AS = "codebeaker.files";
const FIRST_LANGUAGE = "typescript";
/** Most characters of files that are kept. Browsers have room for five million, which cells and programs share. */
const MAX_LENGTH_OF_FILES = 4_000_000;

/** The program that this tab had last, else a first one. */
export function loadDraft(): ProgramForm {
  const files = readKept(FILES_KEPT_AS) as readonly FormFile[] | undefined;
  return {
    ...emptyForm(FIRST_LANGUAGE, sampleOf(FIRST_LANGUAGE)),
    ...readKept(KEPT_AS) as Partial<ProgramForm>,
    ...(files === undefined ? {} : { files }),
  };
}

/** Keeps a program for this tab. Its files are kept apart, and give way where there is no room for both. */
export function saveProgram({ files: _, ...program }: ProgramForm): void {
  if (keep(KEPT_AS, program)) return;
  forget(FILES_KEPT_AS);
  keep(KEPT_AS, program);
}

/** Keeps a program's files for this tab, and says whether they fit. One that does not leaves out all. */
export function saveFiles(files: readonly FormFile[]): boolean {
  if (lengthOfFiles(files) <= MAX_LENGTH_OF_FILES) return keep(FILES_KEPT_AS, files);
  forget(FILES_KEPT_AS);
  return false;
}
