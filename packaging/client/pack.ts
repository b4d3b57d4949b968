import { join } from "@std/path";
import { PROJECT } from "../project.ts";
import { runDeno } from "../run_tool.ts";

/** Makes the npm package of the client in a directory. Returns the path of its tarball. */
export async function packClient(directory: string): Promise<string> {
  const tarball = join(directory, "codebeaker-client.tgz");
  await Deno.mkdir(directory, { recursive: true });
  await runDeno(["pack", "--quiet", "--allow-dirty", "--no-source-maps", "--output", tarball], {
    cwd: join(PROJECT, "client"),
  });
  return tarball;
}

if (import.meta.main) {
  const [directory = join(PROJECT, "dist")] = Deno.args;
  // deno-lint-ignore no-console
  console.log(await packClient(directory));
}
