import { keep, readKept } from "../parts/tab_storage.ts";
import { emptyForm, type ProgramForm } from "./program_form.ts";
import { sampleOf } from "./languages.ts";

const KEPT_AS = "codebeaker.draft";
const FIRST_LANGUAGE = "typescript";

/** The program that this tab had last, else a first one. */
export function loadDraft(): ProgramForm {
  return { ...emptyForm(FIRST_LANGUAGE, sampleOf(FIRST_LANGUAGE)), ...readKept(KEPT_AS) as Partial<ProgramForm> };
}

/** Keeps a program for this tab. */
export function saveDraft(form: ProgramForm): void {
  keep(KEPT_AS, form);
}
