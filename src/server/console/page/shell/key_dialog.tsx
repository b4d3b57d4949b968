import { useEffect, useRef, useState } from "preact/hooks";
import { storedKey, storeKey } from "../api/key.ts";
import { send, toProblem } from "../api/request.ts";
import { TextField } from "../parts/fields.tsx";

/** Properties of the dialog. */
export interface KeyDialogProps {
  /** Called once the tab has a key, or has none any more. */
  onDone(): void;
  onClose(): void;
}

/** Asks for an API key, tries it, and keeps it until the tab closes. */
export function KeyDialog({ onClose, onDone }: KeyDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [key, setKey] = useState("");
  const [problem, setProblem] = useState<string>();
  const [isTrying, setIsTrying] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);
  async function submit(): Promise<void> {
    if (!/^[\x20-\x7e\xa0-\xff]*$/.test(key.trim())) {
      setProblem("The key has a character that no request can carry: copy it again");
      return;
    }
    setIsTrying(true);
    try {
      await send("/v1/languages", { key: key.trim() });
      storeKey(key.trim());
      onDone();
    } catch (error) {
      const { detail, status } = toProblem(error);
      setProblem(status === 401 ? "This service does not know this key: copy it again, or ask for another" : detail);
      setIsTrying(false);
    }
  }
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="key-title" onClose={onClose}>
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <h2 id="key-title">This service asks for a key</h2>
        <p>The key is kept in this tab until you close it, and sent to this service alone.</p>
        <TextField label="API key" isSecret value={key} onChange={setKey} />
        {problem !== undefined && <p class="note note-bad" role="alert">{problem}</p>}
        <div class="dialog-buttons">
          {storedKey() !== undefined && (
            <button
              type="button"
              class="button button-quiet"
              onClick={() => {
                storeKey(undefined);
                onDone();
              }}
            >
              Forget the key
            </button>
          )}
          <div class="spacer" />
          <button type="button" class="button" onClick={onClose}>Cancel</button>
          <button type="submit" class="button button-main" disabled={isTrying || key.trim() === ""}>Use the key</button>
        </div>
      </form>
    </dialog>
  );
}
