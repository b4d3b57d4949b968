import { join } from "@std/path";
import { bundleService } from "../bundle.ts";
import { bundleFlags } from "../flags.ts";
import { PROJECT } from "../project.ts";

/** Where the image has the bundle: the Dockerfile copies it there. */
const PLACE = "/usr/local/lib/codebeaker";

/** Makes the context of the image in a directory: the Dockerfile, the bundle, and the command that runs it. */
export async function makeImageContext(directory: string): Promise<void> {
  await Deno.mkdir(directory, { recursive: true });
  await bundleService(join(directory, "app"));
  await Deno.copyFile(join(PROJECT, "packaging/image/Dockerfile"), join(directory, "Dockerfile"));
  const command = join(directory, "codebeaker");
  await Deno.writeTextFile(command, `#!/bin/sh\nexec deno run ${bundleFlags().join(" ")} ${PLACE}/main.js "$@"\n`);
  await Deno.chmod(command, 0o755);
}

if (import.meta.main) await makeImageContext(Deno.args[0] ?? join(PROJECT, "dist/image"));
