import { useMemo, useRef, useState } from "preact/hooks";
import { CodeEditor } from "../parts/code_editor.tsx";
import { hasFiles } from "../parts/dropped_files.ts";
import { formatBytes } from "../parts/format.ts";
import { TextField } from "../parts/fields.tsx";
import { readFiles } from "./files.ts";
import { modeOf, modeOfFile } from "./languages.ts";
import type { FormFile, ProgramForm } from "./program_form.ts";

/** Properties of the program's editor. */
export interface ProgramEditorProps {
  readonly form: ProgramForm;
  /** Whether the files are there again after a reload. */
  readonly areFilesKept: boolean;
  onChange(changes: Partial<ProgramForm>): void;
  onRun(): void;
}

/** The program and its files, one of them open. */
export function ProgramEditor({ areFilesKept, form, onChange, onRun }: ProgramEditorProps) {
  const [open, setOpen] = useState(-1); // The program itself.
  const [edition, setEdition] = useState(0); // Changes with the list, so that no editor stays with the text of another.
  const picker = useRef<HTMLInputElement>(null);
  const { files } = form;
  const file = files[open];
  const add = (added: readonly FormFile[]) => {
    if (added.length === 0) return;
    const kept = files.filter(({ path }) => !added.some((one) => one.path === path));
    onChange({ files: [...kept, ...added] });
    setOpen(kept.length + added.length - 1);
    setEdition(edition + 1);
  };
  const change = (changes: Partial<FormFile>) => {
    onChange({ files: files.map((one, index) => index === open ? { ...one, ...changes } : one) });
  };
  const remove = () => {
    onChange({ files: files.filter((_, index) => index !== open) });
    setOpen(-1);
    setEdition(edition + 1);
  };
  return (
    <section
      class="card editor-card"
      aria-label="Program"
      onDragOver={(event) => hasFiles(event) && event.preventDefault()}
      onDrop={async (event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        add(await readFiles(event.dataTransfer?.files));
      }}
    >
      <div class="file-strip">
        <div class="file-tabs">
          {[{ path: "Program" }, ...files].map(({ path }, index) => (
            <button
              key={index}
              type="button"
              class="file-tab"
              aria-pressed={index - 1 === open}
              onClick={() => setOpen(index - 1)}
            >
              {path}
            </button>
          ))}
        </div>
        <button
          type="button"
          class="button button-quiet"
          onClick={() => add([{ path: freePath(files), content: "", encoding: "utf8" }])}
        >
          New file
        </button>
        <button type="button" class="button button-quiet" onClick={() => picker.current?.click()}>Upload</button>
        <input
          ref={picker}
          type="file"
          multiple
          hidden
          aria-label="Files to upload"
          onChange={async (event) => {
            const input = event.currentTarget;
            add(await readFiles(input.files));
            input.value = "";
          }}
        />
      </div>
      {!areFilesKept && <p class="hint file-note">The tab has no room for these files: a reload loses them.</p>}
      {file !== undefined && (
        <div class="file-bar">
          <TextField label="Path" value={file.path} onChange={(path) => change({ path })} />
          <button type="button" class="button button-quiet" onClick={remove}>Remove file</button>
        </div>
      )}
      <OpenFile
        key={file === undefined ? form.language : `${open}.${edition}`}
        file={file}
        form={form}
        onChange={onChange}
        onFileChange={change}
        onRun={onRun}
      />
    </section>
  );
}

function OpenFile(
  { file, form, onChange, onFileChange, onRun }: Omit<ProgramEditorProps, "areFilesKept"> & {
    readonly file: FormFile | undefined;
    onFileChange(changes: Partial<FormFile>): void;
  },
) {
  const mode = useMemo(
    () => file === undefined ? modeOf(form.language) : modeOfFile(file.path),
    [file?.path, form.language],
  );
  if (file?.encoding === "base64") {
    const bytes = Math.floor(file.content.replace(/=+$/, "").length * 3 / 4);
    return <p class="empty">{formatBytes(bytes)} that are no text. They are sent as they are.</p>;
  }
  return (
    <CodeEditor
      label={file === undefined ? "Program" : `File ${file.path}`}
      initial={file === undefined ? form.code : file.content}
      mode={mode}
      placeholder={file === undefined ? "Write a program, or upload its files" : ""}
      keys={{ "Mod-Enter": onRun }}
      onChange={(text) => file === undefined ? onChange({ code: text }) : onFileChange({ content: text })}
    />
  );
}

function freePath(files: readonly FormFile[]): string {
  const taken = new Set(files.map(({ path }) => path));
  for (let number = 1;; number++) {
    const path = number === 1 ? "data.txt" : `data${number}.txt`;
    if (!taken.has(path)) return path;
  }
}
