import type { Mount } from "./mount.ts";
import { LIBRARIES, LOADER_FILES, NETWORK_FILES, PROGRAMS } from "./system_files.ts";

const READ = "read-file,read-dir";
const EXECUTE = `execute,${READ}`;
const WRITE = `${READ},write-file,make-reg,make-dir,remove-file,remove-dir,truncate,refer`;

/** Rights on a file that is no directory; the kernel refuses those of directories there. */
const FILE_RIGHTS = { read: "read-file", execute: "execute,read-file", write: "read-file,write-file,truncate" };
const DIRECTORY_RIGHTS = { read: READ, execute: EXECUTE, write: WRITE };

/**
 * setpriv's options (setpriv(1), landlock(7)) that leave a program only what is named here of the whole file system;
 * making symlinks, devices and sockets is left nowhere.
 */
export function landlockOptions(
  { mounts, hasNetwork }: { readonly mounts: readonly Mount[]; readonly hasNetwork: boolean },
): string[] {
  const system = (path: string, access: Mount["access"]) => ({ source: path, target: path, access });
  const rules = [
    ...LIBRARIES.map((path) => system(path, "execute")), // The loader is a program itself.
    ...[...LOADER_FILES, ...PROGRAMS].map((path) => system(path, "read")),
    ...(hasNetwork ? NETWORK_FILES.map((path) => system(path, "read")) : []),
    ...mounts,
  ];
  return ["--landlock-access", "fs", ...rules.flatMap(ruleFor)];
}

function ruleFor({ source, access }: Mount): string[] {
  try {
    const rights = Deno.statSync(source).isDirectory ? DIRECTORY_RIGHTS[access] : FILE_RIGHTS[access];
    return ["--landlock-rule", `path-beneath:${rights}:${source}`];
  } catch {
    return []; // What is not there needs no rule, and setpriv would refuse one.
  }
}
