import { assert } from "@std/assert";
import { openEngine } from "../support/docker.ts";
import type { World } from "./world.ts";

/** The local image, or the official one. */
const IMAGES = ["codebeaker/python", "python"];

/** Where a command runs that nothing holds. */
interface Stage {
  readonly world: World;
  /** Whether environments are containers. */
  readonly isContained: boolean;
}

/** Runs a command as environments run theirs, and with nothing around it: what it tries is seen, or the oracles do not see. */
export async function runUnheld(argv: readonly [string, ...string[]], { isContained, world }: Stage): Promise<string> {
  if (isContained) return await runInContainer(argv, world);
  const [command, ...args] = argv;
  const { stdout } = await new Deno.Command(command, { args, stdin: "null", stderr: "null" }).output();
  return new TextDecoder().decode(stdout);
}

/** A container of the Engine's that has what environments never have: this machine's network and processes, and what lies outside. */
async function runInContainer(argv: readonly string[], { outside }: World): Promise<string> {
  const engine = openEngine();
  const [image] = await engine.listImages({ filters: { reference: IMAGES } });
  assert(image !== undefined, `There is no image of ${IMAGES.join(" or ")}`);
  const container = await engine.createContainer({
    Image: image.Id,
    Cmd: [...argv],
    Tty: true, // Its output comes as it is, and not in frames.
    HostConfig: {
      NetworkMode: "host",
      PidMode: "host",
      Binds: [`${outside}:${outside}`],
      SecurityOpt: ["apparmor=unconfined", "seccomp=unconfined"],
    },
  });
  try {
    await container.start();
    await container.wait();
    return String(await container.logs({ stdout: true, stderr: true }));
  } finally {
    await container.remove({ force: true });
  }
}
