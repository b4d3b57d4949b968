import { statfs } from "node:fs/promises";
import type { CheckFinding } from "../core/diagnosis.ts";
import { messageOf } from "../core/errors.ts";
import { MEBIBYTE } from "../core/limits.ts";
import { fileSystemTypeAt } from "../host/mounts.ts";
import { whyUnwritable } from "../host/writable.ts";
import { FILTERED_ARCHITECTURES } from "./seccomp/seccomp.ts";

/** Room in the scratch directory below which a service can do little. */
const LEAST_ROOM_MB = 256;
/** File systems where other machines may change files in use, and which are slow. */
const REMOTE_KINDS = ["nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "fuse.sshfs"];

/** The directories for lasting and for temporary files. */
export interface MachinePlaces {
  /** Undefined where no temporary directory could be made. */
  readonly scratch: string | undefined;
  readonly home: string | undefined;
}

/** Checks the foundations of every other check: Deno, the kernel, and the directories. */
export async function checkMachine({ home, scratch }: MachinePlaces): Promise<CheckFinding[]> {
  return [
    { name: "service", good: true, detail: `runs on Deno ${Deno.version.deno}` },
    Deno.build.os === "linux" ? { name: "kernel", good: true, detail: `Linux ${Deno.osRelease()}` } : {
      name: "kernel",
      good: false,
      detail: Deno.build.os,
      remedy: "run the service on Linux: other systems cannot confine programs",
    },
    FILTERED_ARCHITECTURES.includes(Deno.build.arch) ? { name: "architecture", good: true, detail: Deno.build.arch } : {
      name: "architecture",
      good: false,
      detail: Deno.build.arch,
      remedy: `use ${FILTERED_ARCHITECTURES.join(" or ")}`,
    },
    await checkScratch(scratch),
    await checkHome(home),
  ];
}

async function checkScratch(path: string | undefined): Promise<CheckFinding> {
  const name = "scratch";
  const remedy = "name a local directory with room, best one in memory (--scratch)";
  if (path === undefined) return { name, good: false, detail: "no temporary directory can be made", remedy };
  try {
    const { bavail, bsize } = await statfs(path);
    const roomMb = Math.floor(bavail * bsize / MEBIBYTE);
    const kind = fileSystemTypeAt(path);
    const good = roomMb >= LEAST_ROOM_MB && !REMOTE_KINDS.includes(kind);
    const detail = `${path}, on ${kind} with ${roomMb} MB of room`;
    return good ? { name, good, detail } : { name, good, detail, remedy };
  } catch (error) {
    return { name, good: false, detail: `${path}: ${messageOf(error)}`, remedy };
  }
}

async function checkHome(path: string | undefined): Promise<CheckFinding> {
  const name = "home";
  const remedy = "make room on its disk, or name a directory that the service may write (--home)";
  if (path === undefined) return { name, good: false, detail: "there is no home directory: nothing is stored", remedy };
  const why = await whyUnwritable(path);
  if (why === undefined) return { name, good: true, detail: `${path} can be written` };
  return { name, good: false, detail: `${path} cannot be written: ${why}`, remedy };
}
