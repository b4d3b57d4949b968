import { type AnswerMemory, memoryOf } from "../../commands/mod.ts";
import type { FileEntry } from "../../core/files.ts";
import { decodeText } from "../../core/requests/content.ts";
import type { Caller } from "../../engine/port.ts";
import type { SessionsPort } from "../../sessions/port.ts";
import { checkScope } from "../auth/auth.ts";
import { FILE_TEMPLATE, fileUri, parseAddress, sessionUri } from "./results/addresses.ts";
import { toEmbedded } from "./results/file_content.ts";

/** Sessions of one page of the list. */
const PAGE_LENGTH = 100;

/** The address of every file of a session. */
export const TEMPLATES = [{
  name: "workspace_file",
  title: "A file of a session",
  uriTemplate: FILE_TEMPLATE,
  description: "A file of a session, by its path. The session's own resource lists the files",
}];

/** The sessions, and one client of them. */
interface Reader {
  readonly sessions: SessionsPort;
  readonly caller: Caller;
  /** Memory of the answer. Absent, it is not counted. */
  readonly memory?: AnswerMemory | undefined;
  /** Aborted when the client no longer waits. */
  readonly signal: AbortSignal;
}

/**
 * Lists the open sessions of a client as resources. It does not touch their workspaces, so a list keeps no session open.
 *
 * @throws {CodeBeakerError} `permission_denied` for a key without the scope; `invalid_request` for a malformed cursor
 */
export function listResources({ sessions, caller }: Reader, cursor: string | undefined) {
  checkScope(caller, "sessions");
  const { sessions: found, nextCursor } = sessions.list(caller, { limit: PAGE_LENGTH, cursor });
  return {
    resources: found.map(({ id, language, createdAt, expiresAt }) => ({
      uri: sessionUri(id),
      name: id,
      title: `A ${language} session`,
      description: `The files of a session that began at ${createdAt} and ends at ${expiresAt} unless it is used`,
      mimeType: "application/json",
    })),
    ...(nextCursor === undefined ? {} : { nextCursor }),
  };
}

/**
 * Reads a session, which lists its files, or a file.
 *
 * @throws {CodeBeakerError} `permission_denied`, `not_found`, `too_large`, as the session's files do
 */
export async function readResource({ sessions, caller, memory, signal }: Reader, uri: string) {
  checkScope(caller, "sessions");
  const { session, path } = parseAddress(uri);
  if (path === undefined) {
    const { language, runtime, state, createdAt, expiresAt } = sessions.show(caller, session);
    const { result } = await sessions.command(caller, session, { type: "list_directory" }, { signal });
    const { tree } = result as { readonly tree: FileEntry }; // As the command answers.
    const files = filesOf(tree).map(({ path, size }) => ({ path, size, uri: fileUri(session, path) }));
    const text = JSON.stringify({ session, language, runtime, state, createdAt, expiresAt, files });
    return { contents: [{ uri, mimeType: "application/json", text }] };
  }
  const command = { type: "read_file", path, encoding: "base64" };
  const { result } = await sessions.command(caller, session, command, { memory, signal });
  const { content } = result as { readonly content: string }; // As the command answers.
  const bytes = Uint8Array.fromBase64(content);
  const text = decodeText(bytes);
  if (text === undefined) return { contents: [toEmbedded({ content, encoding: "base64", path, uri })] };
  const shown = { content: text, encoding: "utf8" } as const;
  memory?.growBy(Math.max(memoryOf(shown, bytes) - 2 * content.length, 0)); // The command has counted its own content.
  return { contents: [toEmbedded({ ...shown, path, uri })] };
}

/** Completes the id of a session in a template. */
export function completeSession({ sessions, caller }: Reader, begun: string): string[] {
  checkScope(caller, "sessions");
  const { sessions: found } = sessions.list(caller, { limit: Infinity });
  return found.map(({ id }) => id).filter((id) => id.startsWith(begun));
}

function filesOf({ children = [] }: FileEntry): FileEntry[] {
  return children.flatMap((entry) => entry.type === "directory" ? filesOf(entry) : [entry]);
}
