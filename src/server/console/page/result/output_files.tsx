import { useMemo } from "preact/hooks";
import type { Execution } from "../../../../core/execution.ts";
import type { OutputFile } from "../../../../core/output_files.ts";
import { formatBytes } from "../parts/format.ts";

const IMAGE_TYPES: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  svg: "image/svg+xml",
};

/** The files that the program returned. */
export function OutputFiles({ execution }: { readonly execution: Execution }) {
  const { outputFiles, outputFilesOmitted } = execution;
  if (outputFiles === undefined) return null;
  return (
    <section class="card" aria-labelledby="files-title">
      <header class="card-head">
        <h2 id="files-title">Returned files</h2>
      </header>
      {outputFiles.length === 0 && <p class="empty">No file matches.</p>}
      <ul class="file-list">{outputFiles.map((file) => <Returned key={file.path} file={file} />)}</ul>
      {outputFilesOmitted !== undefined && (
        <p class="hint output-note">
          {outputFilesOmitted.count} further files are missing. {outputFilesOmitted.error}
        </p>
      )}
    </section>
  );
}

function Returned({ file }: { readonly file: OutputFile }) {
  const { bytes, content, encoding, path } = file;
  const type = IMAGE_TYPES[/\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? ""];
  const url = useMemo(() => {
    const base64 = encoding === "base64" ? content : toBase64(content);
    return `data:${type ?? "application/octet-stream"};base64,${base64}`;
  }, [content, encoding, type]);
  const name = path.slice(path.lastIndexOf("/") + 1);
  return (
    <li>
      {type !== undefined && <img src={url} alt={path} />}
      <a href={url} download={name}>{path}</a> <span class="muted">{formatBytes(bytes)}</span>
    </li>
  );
}

function toBase64(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));
}
