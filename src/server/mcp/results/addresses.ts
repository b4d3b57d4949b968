import { CodeBeakerError } from "../../../core/errors.ts";

const SESSIONS = "codebeaker://sessions/";

/** The addresses of every file of a session, as a URI template (RFC 6570). */
export const FILE_TEMPLATE = `${SESSIONS}{session}/files/{+path}`;

/** What an address of a resource names: a session, or a file of it. */
export interface Address {
  readonly session: string;
  readonly path?: string;
}

/** The address of a session. */
export function sessionUri(session: string): string {
  return `${SESSIONS}${encodeURIComponent(session)}`;
}

/** The address of a file of a session. */
export function fileUri(session: string, path: string): string {
  return `${sessionUri(session)}/files/${encodePath(path)}`;
}

/** The name of a file that came with an execution outside of sessions. It cannot be read again. */
export function outputUri(execution: string, path: string): string {
  return `codebeaker://executions/${encodeURIComponent(execution)}/outputs/${encodePath(path)}`;
}

/**
 * Parses an address.
 *
 * @throws {CodeBeakerError} `not_found` for an address of another form
 */
export function parseAddress(uri: string): Address {
  const [, session, path] = /^codebeaker:\/\/sessions\/([^/?#]+)(?:\/files\/([^?#]+))?$/.exec(uri) ?? [];
  try {
    if (session !== undefined) {
      return {
        session: decodeURIComponent(session),
        ...(path === undefined ? {} : { path: decodeURIComponent(path) }),
      };
    }
  } catch {
    // It is not percent-encoded UTF-8, and so no address of a file.
  }
  const shown = JSON.stringify(uri.slice(0, 200));
  throw new CodeBeakerError("not_found", `Cannot find this resource as its URI must be ${FILE_TEMPLATE}: ${shown}`);
}

function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}
