/** A mount, as this process sees it. */
export interface MountedFileSystem {
  /** The directory of the file system that is mounted. */
  readonly root: string;
  readonly point: string;
  /** The kind of file system, in the kernel's words. */
  readonly type: string;
  /** The options of the file system itself; a cgroup hierarchy names its controllers here. */
  readonly superOptions: readonly string[];
}

/** Every mount, the first one first; none where there is no `/proc`. */
export function readMounts(): MountedFileSystem[] {
  try {
    return parseMounts(Deno.readTextFileSync("/proc/self/mountinfo"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Parses a mount table in the format of proc_pid_mountinfo(5). */
export function parseMounts(mountinfo: string): MountedFileSystem[] {
  return mountinfo.split("\n").filter((line) => line !== "").map((line) => {
    const [mounted = "", fileSystem = ""] = line.split(" - ");
    const [, , , root = "/", point = ""] = mounted.split(" ");
    const [type = "", , superOptions = ""] = fileSystem.split(" ");
    return { root: decodeField(root), point: decodeField(point), type, superOptions: superOptions.split(",") };
  });
}

/** The kernel writes spaces, tabs, newlines and backslashes as octal numbers. */
function decodeField(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_escape, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** The type of the file system at a path. It is that of the deepest mount above the path, and of the last one there. */
export function fileSystemTypeAt(path: string, mounts: readonly MountedFileSystem[] = readMounts()): string {
  const above = mounts.filter(({ point }) => point === path || path.startsWith(point.replace(/\/*$/, "/")));
  const deepest = above.toSorted((one, other) => one.point.length - other.point.length).at(-1);
  return deepest?.type ?? "an unknown file system";
}
