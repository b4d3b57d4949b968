import { entryOf, missingEntry } from "../core/requests/execution_request.ts";
import { checkPaths } from "../core/requests/request_files.ts";
import type { SessionExecutionRequest } from "../core/requests/session_request.ts";
import type { ExecutionEnvironment } from "../runtimes/port.ts";
import { writeFiles } from "../workspace/write_files.ts";

/**
 * Writes the files of a request into the workspace. Returns the path of the file to run.
 *
 * @throws {CodeBeakerError} `invalid_request` for paths that conflict, and for an entry point that is no file
 */
export async function prepareProgram(
  environment: ExecutionEnvironment,
  { code, files, entrypoint }: SessionExecutionRequest,
): Promise<string> {
  const mainFile = environment.mainFile();
  checkPaths(files, code === undefined ? [] : [mainFile]);
  if (code !== undefined) await environment.files.write(mainFile, code);
  await writeFiles(environment.files, files);
  const path = entrypoint ?? (code === undefined ? entryOf(files, mainFile) : mainFile);
  const isInRequest = files.some((file) => file.path === path) || (code !== undefined && path === mainFile);
  if (!isInRequest && !await isFile(environment, path)) {
    throw missingEntry(entrypoint, { entrypoint: path, files });
  }
  return path;
}

async function isFile(environment: ExecutionEnvironment, path: string): Promise<boolean> {
  try {
    return (await environment.files.stat(path, { follow: true })).type === "file";
  } catch {
    return false; // The path is missing or unreadable: it cannot run either way.
  }
}
