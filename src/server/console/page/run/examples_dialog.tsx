import { useEffect, useRef } from "preact/hooks";
import { EXAMPLES } from "./examples.ts";
import type { ProgramForm } from "./program_form.ts";

/** Offers programs to begin with. */
export function ExamplesDialog({ onChoose, onClose }: { onChoose(form: ProgramForm): void; onClose(): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="examples-title" onClose={onClose}>
      <form method="dialog">
        <h2 id="examples-title">Examples</h2>
        <ul class="example-list">
          {EXAMPLES.map(({ form, shows, title }) => (
            <li key={title}>
              <button type="submit" class="example" onClick={() => onChoose(form)}>
                <strong>{title}</strong>
                <span class="badge">{form.language}</span>
                <span class="muted">{shows}</span>
              </button>
            </li>
          ))}
        </ul>
        <div class="dialog-buttons">
          <span class="hint">An example takes the place of your program.</span>
          <div class="spacer" />
          <button type="submit" class="button">Cancel</button>
        </div>
      </form>
    </dialog>
  );
}
