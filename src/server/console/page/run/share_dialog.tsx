import { useEffect, useRef, useState } from "preact/hooks";
import { TextArea } from "../parts/fields.tsx";
import { addressOf } from "../shell/route.ts";
import type { ProgramForm } from "./program_form.ts";
import { packProgram } from "./share_link.ts";

/** Shows a link that opens the program in another browser. */
export function ShareDialog({ form, onClose }: { readonly form: ProgramForm; onClose(): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [link, setLink] = useState<string>();
  const [state, setState] = useState<"packing" | "packed" | "copied" | "too_long">("packing");
  useEffect(() => {
    dialog.current?.showModal();
    packProgram(form).then((packed) => {
      if (packed !== undefined) setLink(new URL(addressOf("run", packed), location.href).href);
      setState(packed === undefined ? "too_long" : "packed");
    });
  }, []);
  const copy = async () => {
    dialog.current?.querySelector("textarea")?.select(); // Where the page may not copy, the keyboard can.
    await navigator.clipboard?.writeText(link ?? "").then(() => setState("copied"), () => {});
  };
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="share-title" onClose={onClose}>
      <form method="dialog">
        <h2 id="share-title">Share this program</h2>
        {state === "too_long"
          ? (
            <p class="note note-bad" role="alert">
              The program is too long for a link. Share it as a file, or leave out files that it does not need.
            </p>
          )
          : (
            <p>
              The link holds the program, its files, input and tests, but no variables, permissions and limits. It opens
              in a console of this service, and runs nothing by itself.
            </p>
          )}
        {link !== undefined && <TextArea label="Link" rows={4} value={link} onChange={() => {}} />}
        <div class="dialog-buttons">
          <span role="status">{state === "copied" ? "Copied" : ""}</span>
          <div class="spacer" />
          <button type="submit" class="button">Close</button>
          {link !== undefined && <button type="button" class="button button-main" onClick={copy}>Copy link</button>}
        </div>
      </form>
    </dialog>
  );
}
