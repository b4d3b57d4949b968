import type { Note } from "../../../../core/answers/execution.ts";

/** What the service knows of a failure beyond the program's own words. */
export function Notes({ notes }: { readonly notes: readonly Note[] }) {
  return (
    <ul class="note note-warn" aria-label="What may help">
      {notes.map(({ module, remedy }) => (
        <li key={module}>
          <strong>
            The module <code>{module}</code> is missing:
          </strong>{" "}
          {remedy}.
        </li>
      ))}
    </ul>
  );
}
