import { z } from "zod";
import { createYielder } from "../../../concurrency/delay.ts";
import { ignore, invalidField } from "../../../core/errors.ts";
import type { FileEntry } from "../../../core/files.ts";
import { formBody } from "../../http/form_body.ts";
import { bodyAs } from "../../http/json_body.ts";
import { sendFile } from "../../http/send_file.ts";
import { fromE2bPath, toE2bPath } from "./paths.ts";
import type { SandboxCall, SandboxCalls } from "./sandbox_call.ts";

const TYPES = {
  file: "FILE_TYPE_FILE",
  directory: "FILE_TYPE_DIRECTORY",
  symlink: "FILE_TYPE_SYMLINK",
  other: "FILE_TYPE_UNSPECIFIED",
} as const;

/** A path of E2B's, as one of the workspace. */
const path = z.string().transform(fromE2bPath);
const pathSchema = z.looseObject({ path });
const moveSchema = z.looseObject({ source: path, destination: path });
const listSchema = z.looseObject({ path, depth: z.int().min(0).default(1) });

/** What a sandbox does with its files. */
export const FILE_CALLS: SandboxCalls = {
  "GET /files": ({ caller, context, id, sessions }) =>
    sendFile(context, { files: sessions.files(caller, id), path: fromE2bPath(context.req.query("path") ?? "") }),
  "POST /files": uploadFiles,
  async "POST /filesystem.Filesystem/Stat"(call) {
    const { path } = await bodyAs(call.context, pathSchema);
    return call.context.json({ entry: await statOf(call, path) });
  },
  async "POST /filesystem.Filesystem/ListDir"(call) {
    const { depth, path } = await bodyAs(call.context, listSchema);
    const tree = await call.sessions.files(call.caller, call.id).list(path, { maxDepth: Math.max(depth, 1) });
    return call.context.json({ entries: [...entriesBelow(tree)].map(toEntry) });
  },
  async "POST /filesystem.Filesystem/MakeDir"(call) {
    const { path } = await bodyAs(call.context, pathSchema);
    const found = await call.sessions.files(call.caller, call.id).stat(path).catch(ignore("not_found"));
    if (found?.type === "file" || found?.type === "other") {
      throw invalidField("path", "Cannot make the directory as a file has its name");
    }
    if (found !== undefined) return call.context.json({ code: "already_exists", message: "It exists already" }, 409);
    await command(call, { type: "create_directory", path });
    return call.context.json({ entry: await statOf(call, path) });
  },
  async "POST /filesystem.Filesystem/Move"(call) {
    const { destination, source } = await bodyAs(call.context, moveSchema);
    await command(call, { type: "move_file", source, destination });
    return call.context.json({ entry: await statOf(call, destination) });
  },
  async "POST /filesystem.Filesystem/Remove"(call) {
    const { path } = await bodyAs(call.context, pathSchema);
    await command(call, { type: "delete_file", path, recursive: true }).catch(ignore("not_found"));
    return call.context.json({});
  },
};

/**
 * Writes the files of a form, and yields to other work in between. All together are as long as a body may be. None is
 * written where the form or a path in it is wrong.
 */
async function uploadFiles({ caller, context, id, sessions }: SandboxCall): Promise<Response> {
  const given = context.req.query("path");
  const uploads: { readonly path: string; readonly bytes: Uint8Array<ArrayBuffer> }[] = [];
  for await (const { bytes, filename, name } of formBody(context)) {
    if (name === "file" && filename !== undefined) uploads.push({ path: fromE2bPath(given ?? filename), bytes });
  }
  if (uploads.length === 0) throw invalidField("file", "A form has its files in parts with the name file");
  if (given !== undefined && uploads.length > 1) {
    throw invalidField("path", "A path is that of one file: a form of several names each by its filename");
  }
  const yieldToOthers = createYielder();
  const written: object[] = [];
  for (const { bytes, path } of uploads) {
    await yieldToOthers();
    using _lock = await sessions.lockFile(caller, id, path);
    await sessions.files(caller, id).write(path, bytes, "create");
    written.push({ name: path.slice(path.lastIndexOf("/") + 1), type: "file", path: toE2bPath(path) });
  }
  return context.json(written);
}

async function command({ caller, context, id, sessions }: SandboxCall, fields: object): Promise<void> {
  await sessions.command(caller, id, fields, { signal: context.req.raw.signal });
}

async function statOf({ caller, id, sessions }: SandboxCall, path: string): Promise<object> {
  return toEntry(await sessions.files(caller, id).stat(path));
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
