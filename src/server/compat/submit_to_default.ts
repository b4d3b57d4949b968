import { hasCode } from "../../core/errors.ts";
import { canonicalLanguage } from "../../core/languages.ts";
import type { CellRequest } from "../../core/requests/cell_request.ts";
import type { SubmitOptions, Submitted } from "../../engine/port.ts";
import type { ContextsPort } from "../../sessions/port.ts";

/** A cell for the default context of a language. */
export interface DefaultCell {
  /** A name or alias. Undefined, the session's language. */
  readonly language: string | undefined;
  readonly cell: CellRequest;
  readonly options: SubmitOptions;
}

/** Evaluates in the default context of a language. One that is lost meanwhile is replaced. */
export async function submitToDefault(
  contexts: ContextsPort,
  { cell, language, options }: DefaultCell,
): Promise<Submitted> {
  const canonical = language === undefined ? undefined : canonicalLanguage(language);
  const known = await contexts.findDefault(canonical);
  try {
    return await contexts.submit(known, cell, options);
  } catch (error) {
    if (!hasCode(error, "conflict") && !hasCode(error, "not_found")) throw error;
    const found = await contexts.findDefault(canonical);
    if (found === known) throw error;
    return await contexts.submit(found, cell, options);
  }
}
