import { assertEquals } from "@std/assert";
import { join } from "@std/path";

/** A directory for a test, and beside it another one with a secret. */
export interface GuardedDirectory {
  /** What both lie in. */
  readonly parent: string;
  readonly root: string;
  readonly outside: string;
}

/** Runs a test in a directory beside one that nothing may reach, and fails where something did, or left a file open. */
export async function withGuardedDirectory(test: (directory: GuardedDirectory) => Promise<void>): Promise<void> {
  const parent = await Deno.makeTempDir();
  const [root, outside] = [join(parent, "workspace"), join(parent, "outside")];
  await Deno.mkdir(root);
  await Deno.mkdir(outside);
  await Deno.writeTextFile(join(outside, "secret"), "secret");
  const before = countDescriptors();
  try {
    await test({ parent, root, outside });
    assertEquals(await Array.fromAsync(Deno.readDir(outside), ({ name }) => name), ["secret"]);
    assertEquals(await Deno.readTextFile(join(outside, "secret")), "secret");
    assertEquals(countDescriptors(), before);
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}

function countDescriptors(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}
