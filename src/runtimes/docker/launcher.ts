import { packTar } from "modern-tar";
import { WORKSPACE_ROOT } from "../../core/workspace_path.ts";
import type { Program } from "../runtime.ts";
import { BUILD_DIRECTORY, commandLine, type EnvironmentSpec } from "./environments.ts";
import { installLine } from "./packages.ts";
import launchScript from "./launch.sh" with { type: "text" };

/** What `launch.sh` counts an archive in. */
export const BLOCK_BYTES = 4_096;

/** Says it when an image has nothing that installs packages. */
const INSTALL = `command -v "$1" >/dev/null && exec "$@"
printf 'Cannot install packages as the image of this language has no "%s"\\n' "$1" >&2
exit 127`;

/** What makes the container's init pass a signal on to everything that the launcher started; the launcher unsets it. */
export const INIT_VARIABLES = { TINI_KILL_PROCESS_GROUP: "1" };

/** The command line of a program's launcher; `blocks` of an archive come before the program's own stdin. */
export function launcherArgv(
  program: Program,
  { spec, blocks }: { readonly spec: EnvironmentSpec; readonly blocks: number },
): string[] {
  const places = { file: fileArgument(program), output: `${BUILD_DIRECTORY}/${crypto.randomUUID()}` };
  const head = ["sh", "-c", launchScript, "launch", String(blocks), places.output];
  if (program.kind === "file") {
    const compiler = commandLine(spec.compile ?? [], places);
    const run = [...commandLine(spec.run, places), ...program.args];
    return [...head, WORKSPACE_ROOT, String(compiler.length), ...compiler, ...run];
  }
  if (program.kind === "install") {
    const line = installLine(spec.install ?? [], program.packages);
    return [...head, WORKSPACE_ROOT, "0", "sh", "-c", INSTALL, "install", ...line];
  }
  const { workingDirectory } = program;
  const directory = workingDirectory === "." ? WORKSPACE_ROOT : `${WORKSPACE_ROOT}/${workingDirectory}`;
  const line = program.args.length === 0 ? ["sh", "-c", program.command] : [program.command, ...program.args];
  return [...head, directory, "0", ...line];
}

/** A name that begins with a dash is no option. */
function fileArgument(program: Program): string {
  if (program.kind !== "file") return "";
  return program.path.startsWith("-") ? `./${program.path}` : program.path;
}

/** A tar archive in whole blocks; nothing for no files. */
export async function packArchive(
  files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
): Promise<Uint8Array<ArrayBuffer>> {
  if (files.size === 0) return new Uint8Array();
  const archive = await packTar([...files].map(([name, data]) => ({
    header: { name, type: "file" as const, mode: 0o600, mtime: new Date(), size: data.length },
    body: data,
  })));
  const padded = new Uint8Array(Math.ceil(archive.length / BLOCK_BYTES) * BLOCK_BYTES);
  padded.set(archive);
  return padded;
}
