import type { Context } from "hono";
import { CodeBeakerError } from "../../core/errors.ts";
import type { FileEntry } from "../../core/files.ts";
import type { WorkspaceFiles } from "../../runtimes/port.ts";
import type { AppEnv } from "./app_env.ts";
import { etagOf, isUnchanged, lastModifiedOf, wantedRange } from "./file_conditions.ts";

/**
 * Headers that make browsers save a program's file, and neither show nor run it. Such a file is no page of this
 * service.
 */
const DOWNLOAD_HEADERS = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "sandbox; default-src 'none'",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "private, no-cache",
};

/** Headers of a download that the browser saves as `name`. */
export function downloadHeaders({ name, type }: { readonly name: string; readonly type: string }) {
  return { ...DOWNLOAD_HEADERS, "content-type": type, "content-disposition": attachment(name) };
}

/**
 * Answers with a file of a workspace, or the range that the request names. `HEAD` reads nothing. The body is as long as
 * the file was at the start: a file that grows is cut, and a file that shrinks breaks the response off.
 *
 * @throws {CodeBeakerError} as the files do; `invalid_request` for a path that is no file
 */
export async function sendFile(
  context: Context<AppEnv>,
  { files, path }: { readonly files: WorkspaceFiles; readonly path: string },
): Promise<Response> {
  const file = await files.stat(path, { follow: true });
  refuseNonFile(file);
  const headers = {
    ...downloadHeaders({ name: file.name, type: "application/octet-stream" }),
    "accept-ranges": "bytes",
    "etag": etagOf(file),
    "last-modified": lastModifiedOf(file),
  };
  if (isUnchanged(context.req, file)) return context.body(null, 304, headers);
  const isHead = context.req.method === "HEAD";
  const range = isHead ? { kind: "whole" as const } : await wantedRange(context.req, file);
  if (range.kind === "unsatisfiable") {
    return context.body(null, 416, { ...headers, "content-range": `bytes */${file.size}` });
  }
  const { offset, length } = range.kind === "part" ? range : { offset: 0, length: file.size };
  const body = isHead ? null : await files.read(path, { offset, length });
  if (range.kind === "whole") return context.newResponse(body, 200, { ...headers, "content-length": String(length) });
  return context.newResponse(body, 206, {
    ...headers,
    "content-length": String(length),
    "content-range": `bytes ${offset}-${offset + length - 1}/${file.size}`,
  });
}

/**
 * Refuses directories and special files.
 *
 * @throws {CodeBeakerError} `invalid_request`
 */
export function refuseNonFile({ path, type }: FileEntry): void {
  if (type === "file") return;
  const hint = type === "directory" ? ": list it instead (/v1/sessions/{id}/files?path=)" : "";
  const shown = JSON.stringify(path.slice(0, 200));
  throw new CodeBeakerError("invalid_request", `Cannot use ${shown} as it is not a file (${type})${hint}`);
}

/** Encodes a file name for a header (RFC 8187). */
function attachment(name: string): string {
  const escaped = encodeURIComponent(name).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename*=UTF-8''${escaped}`;
}
