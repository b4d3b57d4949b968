import { abortable } from "@std/async/abortable";
import { hasCode } from "../core/errors.ts";
import { canonicalLanguage } from "../core/languages.ts";
import type { CellRequest } from "../core/requests/cell_request.ts";
import type { SubmitOptions, Submitted } from "../engine/port.ts";
import type { ContextsPort } from "../sessions/port.ts";

/** A cell for the default context of a language. */
export interface DefaultCell {
  /** A name or alias. Undefined, the session's language. */
  readonly language: string | undefined;
  readonly cell: CellRequest;
  readonly options: SubmitOptions;
  /** Ends the wait for the context, and not its start. Another cell may wait for it too. */
  readonly signal?: AbortSignal;
}

/** Evaluates in the default context of a language. One that is lost meanwhile is replaced. */
export async function submitToDefault(
  contexts: ContextsPort,
  { cell, language, options, signal }: DefaultCell,
): Promise<Submitted> {
  const canonical = language === undefined ? undefined : canonicalLanguage(language);
  const find = () => {
    const found = contexts.findDefault(canonical);
    return signal === undefined ? found : abortable(found, signal);
  };
  const known = await find();
  try {
    return await contexts.submit(known, cell, options);
  } catch (error) {
    if (!hasCode(error, "conflict") && !hasCode(error, "not_found")) throw error;
    const found = await find();
    if (found === known) throw error;
    return await contexts.submit(found, cell, options);
  }
}
