import { Buffer } from "node:buffer";
import type { Context } from "hono";
import { z } from "zod";
import { CodeBeakerError, hasCode, invalidField } from "../../../core/errors.ts";
import type { FileEntry } from "../../../core/files.ts";
import { parseAs } from "../../../core/parsing/validation.ts";
import type { SessionsPort } from "../../../sessions/port.ts";
import type { AppEnv } from "../../http/app_env.ts";
import { bytesBody } from "../../http/body.ts";
import { jsonBody } from "../../http/json_body.ts";
import { sendFile } from "../../http/send_file.ts";
import { refuseCoding } from "../../routes/files.ts";
import { fromE2bPath, toE2bPath } from "./paths.ts";

/** A request about the files of a session. */
export interface FileCall {
  readonly context: Context<AppEnv>;
  readonly id: string;
  readonly sessions: SessionsPort;
}

const TYPES = {
  file: "FILE_TYPE_FILE",
  directory: "FILE_TYPE_DIRECTORY",
  symlink: "FILE_TYPE_SYMLINK",
  other: "FILE_TYPE_UNSPECIFIED",
} as const;

const pathSchema = z.looseObject({ path: z.string() });
const moveSchema = z.looseObject({ source: z.string(), destination: z.string() });
const listSchema = z.looseObject({ path: z.string(), depth: z.int().min(0).default(1) });

/** Most parts of a form. Each takes far longer to read than its bytes. */
const MAX_PARTS = 1_000;

/** Sends a file. */
export async function downloadFile({ context, id, sessions }: FileCall): Promise<Response> {
  const path = fromE2bPath(context.req.query("path") ?? "");
  return await sendFile(context, { files: sessions.files(context.get("caller"), id), path });
}

/** Writes the files of a form, or one whose bytes are the body. All together are as long as a body may be. */
export async function uploadFiles({ context, id, sessions }: FileCall): Promise<Response> {
  const caller = context.get("caller");
  refuseCoding(context);
  const body = await bytesBody(context.req, { ...context.get("bodyBounds"), lease: context.get("lease") });
  const given = context.req.query("path");
  const type = context.req.header("content-type") ?? "";
  const isForm = /^multipart\/form-data\b/i.test(type);
  if (isForm) context.get("lease").growTo(3 * body.length); // The form has a copy of each file, and one is read at a time.
  const uploads = isForm ? await filesIn(body, type) : [{ name: undefined, bytes: () => body }];
  if (given !== undefined && uploads.length > 1) {
    throw invalidField("path", "A path is that of one file: a form of several names each by its filename");
  }
  const written: object[] = [];
  for (const upload of uploads) {
    const path = fromE2bPath(given ?? upload.name ?? "");
    using _lock = await sessions.lockFile(caller, id, path);
    await sessions.files(caller, id).write(path, await upload.bytes(), "create");
    written.push({ name: path.slice(path.lastIndexOf("/") + 1), type: "file", path: toE2bPath(path) });
  }
  return context.json(written);
}

/** The remote procedures for files, by name; others are not supported. */
export const FILE_PROCEDURES: Readonly<Record<string, (call: FileCall) => Promise<Response>>> = {
  async Stat(call) {
    const { path } = await fieldsOf(call, pathSchema);
    return call.context.json({ entry: await statOf(call, fromE2bPath(path)) });
  },
  async ListDir({ context, id, sessions }) {
    const { depth, path } = await fieldsOf({ context }, listSchema);
    const files = sessions.files(context.get("caller"), id);
    const tree = await files.list(fromE2bPath(path), { maxDepth: Math.max(depth, 1) });
    return context.json({ entries: [...entriesBelow(tree)].map(toEntry) });
  },
  async MakeDir(call) {
    const path = fromE2bPath((await fieldsOf(call, pathSchema)).path);
    if (await exists(call, path)) {
      return call.context.json({ code: "already_exists", message: "It exists already" }, 409);
    }
    await command(call, { type: "create_directory", path });
    return call.context.json({ entry: await statOf(call, path) });
  },
  async Move(call) {
    const given = await fieldsOf(call, moveSchema);
    const [source, destination] = [fromE2bPath(given.source), fromE2bPath(given.destination)];
    await command(call, { type: "move_file", source, destination });
    return call.context.json({ entry: await statOf(call, destination) });
  },
  async Remove(call) {
    const path = fromE2bPath((await fieldsOf(call, pathSchema)).path);
    if (await exists(call, path)) await command(call, { type: "delete_file", path, recursive: true });
    return call.context.json({});
  },
};

async function fieldsOf<Schema extends z.ZodType>(
  { context }: Pick<FileCall, "context">,
  schema: Schema,
): Promise<z.output<Schema>> {
  return parseAs(schema, await jsonBody(context), { what: "the request" });
}

async function command({ context, id, sessions }: FileCall, fields: object): Promise<void> {
  await sessions.command(context.get("caller"), id, fields, { signal: context.req.raw.signal });
}

async function statOf({ context, id, sessions }: FileCall, path: string): Promise<object> {
  return toEntry(await sessions.files(context.get("caller"), id).stat(path));
}

async function exists(call: FileCall, path: string): Promise<boolean> {
  try {
    await statOf(call, path);
    return true;
  } catch (error) {
    if (hasCode(error, "not_found")) return false;
    throw error;
  }
}

/**
 * Finds the files of a form.
 *
 * @throws {CodeBeakerError} `invalid_request` for what is no form; `too_large` for too many parts
 */
async function filesIn(body: Uint8Array<ArrayBuffer>, type: string): Promise<File[]> {
  const [, quoted, plain] = /;\s*boundary=(?:"([\w'()+,./:=? -]+)"|([\w'()+./:=?-]+))/i.exec(type) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) throw notForm();
  if (hasMore(body, `--${boundary}`, MAX_PARTS + 1)) { // The last one ends the form.
    throw new CodeBeakerError("too_large", `Cannot take the form as it must have at most ${MAX_PARTS} parts`);
  }
  // The parser gets the boundary that was counted, and not a header that it may read in another way.
  const headers = { "content-type": `multipart/form-data; boundary="${boundary}"` };
  const form = await new Response(body, { headers }).formData().catch((cause: unknown) => {
    throw notForm(cause);
  });
  const files = form.getAll("file").filter((part) => part instanceof File);
  if (files.length === 0) throw invalidField("file", "A form has its files in parts with the name file");
  return files;
}

function notForm(cause?: unknown): CodeBeakerError {
  return new CodeBeakerError("invalid_request", "Cannot read the body as it must be a form", { cause });
}

/** Whether a text occurs more than `most` times in a body. */
function hasMore(body: Uint8Array<ArrayBuffer>, text: string, most: number): boolean {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  let at = -1;
  for (let count = 0; count <= most; count++) {
    at = bytes.indexOf(text, at + 1);
    if (at === -1) return false;
  }
  return true;
}

function* entriesBelow({ children = [] }: FileEntry): Generator<FileEntry> {
  for (const child of children) {
    yield child;
    yield* entriesBelow(child);
  }
}

function toEntry({ modifiedAt, name, path, size, type }: FileEntry): object {
  return { name, path: toE2bPath(path), type: TYPES[type], size: String(size), modifiedTime: modifiedAt };
}
