import { join } from "@std/path";
import type { Availability } from "../../src/core/capabilities.ts";
import { mountsOf } from "../../src/host/cgroup_mounts.ts";
import { childrenOf } from "../../src/process/process_tree.ts";
import { findOnPath } from "./find_node.ts";
import { PROJECT } from "./service_process.ts";
import { until } from "./until.ts";

const NAME = "codebeaker-systemd-";

/** What a command in a machine printed, and how it ended. */
interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A machine of a test's own with a systemd, on this kernel and this network. */
export interface OwnSystemd extends AsyncDisposable {
  /** Runs a script in a shell, at the root of its files. */
  run(script: string): Promise<Ran>;
}

/** Whether this machine and this user can have a systemd of their own. */
export function ownSystemdAvailability(): Availability {
  if (Deno.uid() !== 0) return { available: false, reason: "only root can start a systemd" };
  const absent = ["systemctl", "unshare", "nsenter"].filter((tool) => findOnPath(tool) === undefined);
  return absent.length === 0 ? { available: true } : { available: false, reason: `${absent.join()} cannot be found` };
}

/**
 * Starts a systemd whose machine has the files of this one, beside those shown at other paths.
 *
 * @param shown the paths at which it has files and directories of this machine, by their paths here
 */
export async function startOwnSystemd(shown: Readonly<Record<string, string>>): Promise<OwnSystemd> {
  const directory = await Deno.makeTempDir();
  const group = `${NAME}${crypto.randomUUID()}`;
  const paths = Object.entries(shown).flat();
  const outside = new Deno.Command("/bin/sh", {
    args: [join(PROJECT, "tests/support/systemd/machine.sh"), group, directory, ...paths],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let said = "";
  const listening = (async () => {
    for await (const text of outside.stderr.pipeThrough(new TextDecoderStream())) said += text;
  })();
  let hasEnded = false;
  const ending = outside.status.then(() => hasEnded = true);
  async function run(script: string): Promise<Ran> {
    const [systemd] = childrenOf(outside.pid);
    const args = [`--target=${systemd}`, "--all", "/bin/sh", "-euc", script];
    const { code, stderr, stdout } = await new Deno.Command("nsenter", { args, clearEnv: true, env: PATH }).output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  }
  async function dispose(): Promise<void> {
    if (!hasEnded) outside.kill("SIGKILL");
    await Promise.all([ending, listening]);
    const groups = mountsOf().map(({ point }) => join(point, group));
    await until(() => groups.map(removeGroups).every((isGone) => isGone), "its control groups are gone");
    await Deno.remove(directory);
  }
  try {
    await until(async () => {
      if (hasEnded) throw new Error(`There is no systemd: ${said}`);
      return (await run("systemctl is-active basic.target")).code === 0;
    }, "systemd has started");
    await run("umount -l /proc/sys");
  } catch (error) {
    await dispose();
    throw error;
  }
  return { run, [Symbol.asyncDispose]: dispose };
}

const PATH = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" };

/** Removes a control group with those below it. Returns whether it is gone. */
function removeGroups(path: string): boolean {
  try {
    for (const { isDirectory, name } of Deno.readDirSync(path)) if (isDirectory) removeGroups(join(path, name));
    Deno.removeSync(path);
    return true;
  } catch (error) {
    return error instanceof Deno.errors.NotFound;
  }
}
