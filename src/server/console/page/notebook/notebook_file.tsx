import { useRef, useState } from "preact/hooks";
import { formatBytes } from "../parts/format.ts";
import { IconButton } from "../parts/icon.tsx";
import type { Cell } from "./cells.ts";
import { fromIpynb, MAX_NOTEBOOK_BYTES, type OpenedNotebook, toIpynb } from "./ipynb.ts";

/** Properties of the buttons of a notebook's file. */
export interface NotebookFileProps {
  readonly language: string;
  readonly cells: readonly Cell[];
  readonly isBusy: boolean;
  onOpen(notebook: OpenedNotebook): void;
}

/** Opens and saves notebook files. Both stay in the browser. */
export function NotebookFile({ cells, isBusy, language, onOpen }: NotebookFileProps) {
  const picker = useRef<HTMLInputElement>(null);
  const [mistake, setMistake] = useState<string>();
  async function open(file: File | undefined): Promise<void> {
    if (file === undefined) return;
    try {
      if (file.size > MAX_NOTEBOOK_BYTES) {
        throw new Error(`It is larger than ${formatBytes(MAX_NOTEBOOK_BYTES)}: clear its outputs in Jupyter first`);
      }
      const opened = fromIpynb(await file.text());
      setMistake(undefined);
      onOpen(opened);
    } catch (error) {
      setMistake(`${file.name} was not opened. ${error instanceof Error ? error.message : ""}`);
    }
  }
  return (
    <>
      <IconButton
        icon="open"
        label="Open a notebook file (.ipynb)"
        disabled={isBusy}
        onClick={() => picker.current?.click()}
      />
      <IconButton
        icon="save"
        label="Save as a notebook file (.ipynb)"
        onClick={() => saveAs("notebook.ipynb", toIpynb(language, cells))}
      />
      <input
        ref={picker}
        type="file"
        accept=".ipynb,application/json"
        hidden
        aria-label="Notebook to open"
        onChange={async (event) => {
          const input = event.currentTarget;
          await open(input.files?.[0]);
          input.value = "";
        }}
      />
      {mistake !== undefined && <p class="note note-bad" role="alert">{mistake}</p>}
    </>
  );
}

/** Gives a text to the browser as a file. */
function saveAs(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/x-ipynb+json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000); // The browser has begun to read it by then.
}
