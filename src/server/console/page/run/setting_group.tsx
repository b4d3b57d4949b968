import type { ComponentChildren } from "preact";
import type { ProgramForm } from "./program_form.ts";

/** Properties of a group of settings. */
export interface SettingsProps {
  readonly form: ProgramForm;
  onChange(changes: Partial<ProgramForm>): void;
}

/** Settings that belong together, closed until they are needed. */
export function Group(
  { children, state, title }: {
    readonly title: string;
    readonly state: string;
    readonly children: ComponentChildren;
  },
) {
  return (
    <details class="group">
      <summary>
        <span class="group-title">{title}</span>
        <span class="group-state">{state}</span>
      </summary>
      <div class="group-fields">{children}</div>
    </details>
  );
}
