import { emptyForm, type ProgramForm } from "./program_form.ts";
import { sampleOf } from "./languages.ts";

const STORED_AS = "codebeaker.draft";
const FIRST_LANGUAGE = "typescript";

/** The program that this tab had last, else a first one. */
export function loadDraft(): ProgramForm {
  const fresh = emptyForm(FIRST_LANGUAGE, sampleOf(FIRST_LANGUAGE));
  try {
    return { ...fresh, ...JSON.parse(sessionStorage.getItem(STORED_AS) ?? "{}") };
  } catch {
    return fresh; // It is of another version of the page.
  }
}

/** Keeps a program for this tab, as far as the browser has room. */
export function saveDraft(form: ProgramForm): void {
  try {
    sessionStorage.setItem(STORED_AS, JSON.stringify(form));
  } catch {
    sessionStorage.removeItem(STORED_AS); // Its files are too large.
  }
}
