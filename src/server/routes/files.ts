import { type Context, Hono } from "hono";
import { z } from "zod";
import { ignore, invalidField } from "../../core/errors.ts";
import { type FileEntry, fileTooLarge } from "../../core/files.ts";
import { MEBIBYTE } from "../../core/limits.ts";
import { oneOf, strictObject } from "../../core/parsing/validation.ts";
import { parseWorkspacePath } from "../../core/workspace_path.ts";
import type { WorkspaceFiles } from "../../runtimes/port.ts";
import type { SessionsPort } from "../../sessions/port.ts";
import type { Upload, Uploads } from "../../workspace/uploads.ts";
import type { AppEnv } from "../http/app_env.ts";
import { bodyOf } from "../http/body.ts";
import { checkPreconditions } from "../http/file_conditions.ts";
import { noQuery, parseQuery, wholeNumber } from "../http/query.ts";
import { downloadHeaders, refuseNonFile, sendFile } from "../http/send_file.ts";

/** Receives uploads and stores each until it is complete. */
export type UploadsPort = Pick<Uploads, "receiveFile" | "receiveArchive">;

type FileContext = Context<AppEnv>;

const TREE_ROUTE = "/v1/sessions/:id/files";
/** A file name may hold a newline, which "." does not match. */
const FILE_ROUTE = "/v1/sessions/:id/files/:path{[^]+}";
const ARCHIVE_ROUTE = "/v1/sessions/:id/archive";
const UPLOAD_PATH = /^\/v1\/sessions\/[^/]+\/(files\/[^]|archive$)/;
/** The path of a file in a URL, after the four segments of its route. The segments may be escaped too. */
const URL_PATH = /^[^/]*\/\/[^/?#]*(?:\/[^/?#]*){4}\/([^?#]*)/;

const flag = oneOf(["true", "false"]).transform((value) => value === "true");

/** The query of `DELETE /v1/sessions/{id}/files/{path}`. */
export const deleteQuery = strictObject({
  recursive: flag.default(false).describe("Whether a directory is deleted with everything in it"),
});

/** The query of `GET /v1/sessions/{id}/files`. */
export const treeQuery = strictObject({
  path: z.string().optional().describe("The directory; absent, the workspace"),
  recursive: flag.optional().describe("Whether directories in it are listed too; absent, they are"),
  pattern: z.string().optional().describe("A glob of names or, with a slash in it, of paths below the directory"),
  includeHidden: flag.optional().describe("Whether names that begin with a dot are listed"),
  maxDepth: wholeNumber({ min: 0, max: Number.MAX_SAFE_INTEGER }).optional().describe("Levels; 0 means all"),
});

/** Whether a request is an upload, whose bound is its session's `diskMb`. */
export function isUpload({ method, path }: { readonly method: string; readonly path: string }): boolean {
  return method === "PUT" && UPLOAD_PATH.test(path);
}

/**
 * Routes of a session's files: raw bytes, the tree, and a tar archive. Bodies are streamed both ways. An upload reaches
 * the workspace when it is complete, so a client that disconnects leaves no part of it there.
 */
export function fileRoutes(sessions: SessionsPort, { uploads }: { readonly uploads: UploadsPort }): Hono<AppEnv> {
  function filesOf(context: FileContext): WorkspaceFiles {
    return sessions.files(context.get("caller"), idOf(context));
  }

  async function take(context: FileContext, how: keyof UploadsPort): Promise<Upload> {
    const caller = context.get("caller");
    const maxBytes = sessions.limits(caller, idOf(context)).diskMb * MEBIBYTE;
    refuseDeclared(context, maxBytes);
    const { tenant } = caller.principal;
    const body = bodyOf(context.req, { ...context.get("bodyBounds"), maxBytes: Infinity });
    return await uploads[how](ReadableStream.from(body), { tenant, maxBytes });
  }

  /** Finds the file that an upload replaces, which may change while the upload arrives. */
  async function replaceable(context: FileContext, path: string): Promise<FileEntry | undefined> {
    const found = await statIfThere(filesOf(context), path);
    checkPreconditions(context.req, found);
    if (found !== undefined) refuseNonFile(found);
    return found;
  }

  return new Hono<AppEnv>()
    .get(TREE_ROUTE, async (context) => {
      const command = { ...parseQuery(context.req, treeQuery), type: "list_directory" };
      const { signal } = context.req.raw;
      const { result } = await sessions.command(context.get("caller"), idOf(context), command, { signal });
      return context.body(JSON.stringify(result), 200, { "content-type": "application/json" });
    })
    .get(FILE_ROUTE, noQuery, (context) => sendFile(context, { files: filesOf(context), path: pathOf(context) }))
    .put(FILE_ROUTE, noQuery, async (context) => {
      const path = pathOf(context);
      refuseCoding(context);
      await replaceable(context, path); // A refused client need not send its body.
      using upload = await take(context, "receiveFile");
      using _lock = await sessions.lockFile(context.get("caller"), idOf(context), path);
      const found = await replaceable(context, path);
      const mode = context.req.header("if-none-match") === "*" ? "create_new" : "create";
      await filesOf(context).write(path, upload.stream(), mode);
      return context.body(null, found === undefined ? 201 : 204);
    })
    .delete(FILE_ROUTE, async (context) => {
      const path = pathOf(context);
      const { recursive } = parseQuery(context.req, deleteQuery);
      const files = filesOf(context);
      using _lock = await sessions.lockFile(context.get("caller"), idOf(context), path);
      if (isConditional(context)) checkPreconditions(context.req, await statIfThere(files, path));
      await files.delete(path, { recursive });
      return context.body(null, 204);
    })
    .get(ARCHIVE_ROUTE, noQuery, async (context) => {
      const files = filesOf(context);
      const body = context.req.method === "HEAD" ? null : await files.pack();
      return context.newResponse(
        body,
        200,
        downloadHeaders({ name: `${idOf(context)}.tar`, type: "application/x-tar" }),
      );
    })
    .put(ARCHIVE_ROUTE, noQuery, async (context) => {
      filesOf(context); // A client without this session need not send its body.
      using upload = await take(context, "receiveArchive");
      await filesOf(context).unpack(upload.stream());
      return context.body(null, 204);
    });
}

function idOf(context: FileContext): string {
  return context.req.param("id") ?? "";
}

/**
 * Decodes the path in a URL, once.
 *
 * @throws {CodeBeakerError} `permission_denied`, `invalid_request`
 */
function pathOf(context: FileContext): string {
  const encoded = URL_PATH.exec(context.req.raw.url)?.[1] ?? "";
  try {
    return parseWorkspacePath(decodeURIComponent(encoded));
  } catch (error) {
    if (error instanceof URIError) throw invalidField("path", "A path in a URL must be percent-encoded UTF-8");
    throw error;
  }
}

async function statIfThere(files: WorkspaceFiles, path: string): Promise<FileEntry | undefined> {
  return await files.stat(path, { follow: true }).catch(ignore("not_found"));
}

function isConditional({ req }: FileContext): boolean {
  return req.header("if-match") !== undefined || req.header("if-none-match") !== undefined;
}

/** Refuses a coded body and a part of a file (RFC 9110, 8.4 and 14.5). */
function refuseCoding({ req }: FileContext): void {
  const coding = req.header("content-encoding") ?? "identity";
  if (coding !== "identity") throw invalidField("content-encoding", "A file must be sent without a content coding");
  if (req.header("content-range") === undefined) return;
  throw invalidField("content-range", "A file must be sent as a whole");
}

/** Refuses an upload whose declared length is over the bound, before its body is read. */
function refuseDeclared({ req }: FileContext, maxBytes: number): void {
  const declared = Number(req.header("content-length") ?? 0);
  const isArchive = req.path.endsWith("/archive");
  if (isArchive || declared <= maxBytes) return;
  throw fileTooLarge(maxBytes);
}
