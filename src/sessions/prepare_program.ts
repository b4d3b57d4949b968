import { invalidField } from "../core/errors.ts";
import { checkPaths } from "../core/requests/execution_request.ts";
import type { SessionExecutionRequest } from "../core/session.ts";
import type { ExecutionEnvironment } from "../runtimes/port.ts";
import { writeFiles } from "../workspace/write_files.ts";

/**
 * Puts what a request brings into the workspace; gives the file to run.
 *
 * @throws {CodeBeakerError} `invalid_request` for paths that are in each other's way, and an entry point that is no
 *   file
 */
export async function prepareProgram(
  environment: ExecutionEnvironment,
  { code, files, entrypoint }: SessionExecutionRequest,
): Promise<string> {
  const mainFile = environment.mainFile();
  checkPaths(files, code === undefined ? [] : [mainFile]);
  if (code !== undefined) await environment.files.write(mainFile, code);
  await writeFiles(environment.files, files);
  const path = entrypoint ?? mainFile;
  const isBrought = files.some((file) => file.path === path) || (code !== undefined && path === mainFile);
  if (!isBrought && !await isFile(environment, path)) {
    throw invalidField("entrypoint", `The entry point ${JSON.stringify(path)} is no file of the workspace`);
  }
  return path;
}

async function isFile(environment: ExecutionEnvironment, path: string): Promise<boolean> {
  try {
    return (await environment.files.stat(path, { follow: true })).type === "file";
  } catch {
    return false; // Whatever it is, it cannot be run.
  }
}
