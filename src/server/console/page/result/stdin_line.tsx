import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Problem, send, toProblem } from "../api/request.ts";
import { ProblemNote } from "../parts/problem_note.tsx";

/** A line for a program that reads its input while it runs. */
export function StdinLine({ id }: { readonly id: string }) {
  const [isClosed, setIsClosed] = useState(false);
  if (isClosed) return <p class="hint output-note">Standard input has ended.</p>;
  return <StdinForm id={id} onClose={() => setIsClosed(true)} />;
}

function StdinForm({ id, onClose }: { readonly id: string; onClose(): void }) {
  const [line, setLine] = useState("");
  const [problem, setProblem] = useState<Problem>();
  async function feed(input: { readonly text?: string; readonly close?: boolean }): Promise<void> {
    try {
      await send(`/v1/executions/${id}/stdin`, { method: "POST", body: input });
      setProblem(undefined);
    } catch (error) {
      setProblem(toProblem(error));
    }
  }
  const form = useRef<HTMLFormElement>(null);
  useLayoutEffect(() => () => { // The keyboard stays at the result, where the line goes away from under it.
    if (form.current?.contains(document.activeElement)) form.current.closest("section")?.focus();
  }, []);
  return (
    <>
      <form
        ref={form}
        class="stdin-line"
        onSubmit={(event) => {
          event.preventDefault();
          feed({ text: `${line}\n` });
          setLine("");
        }}
      >
        <input
          class="mono"
          aria-label="Standard input"
          placeholder="Type a line for the program"
          autocomplete="off"
          value={line}
          onInput={(event) => setLine(event.currentTarget.value)}
        />
        <button type="submit" class="button">Send</button>
        <button
          type="button"
          class="button button-quiet"
          onClick={() => {
            feed({ close: true });
            onClose();
          }}
        >
          End input
        </button>
      </form>
      {problem !== undefined && <ProblemNote problem={problem} />}
    </>
  );
}
