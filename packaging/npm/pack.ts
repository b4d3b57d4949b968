import { join } from "@std/path";
import project from "../../deno.json" with { type: "json" };
import { type Bundle, bundleService } from "../bundle.ts";
import { bundleFlags } from "../flags.ts";
import { PROJECT } from "../project.ts";
import { runTool } from "../run_tool.ts";

const OWN = join(PROJECT, "packaging/npm");

/** An npm package. */
export interface Packed {
  /** The path of its tarball. */
  readonly tarball: string;
  readonly bundle: Bundle;
}

/** Makes the npm package in a directory, and its tarball beside it. It needs npm. */
export async function packForNpm(directory: string): Promise<Packed> {
  const root = join(directory, "codebeaker");
  await Deno.mkdir(root, { recursive: true });
  const bundle = await bundleService(join(root, "app"));
  await Deno.writeTextFile(join(root, "package.json"), `${JSON.stringify(manifest(), null, 2)}\n`);
  await Deno.writeTextFile(join(root, "flags.json"), `${JSON.stringify(bundleFlags(), null, 2)}\n`);
  await Deno.copyFile(join(OWN, "launch.js"), join(root, "launch.js"));
  await Deno.copyFile(join(OWN, "README.md"), join(root, "README.md"));
  await Deno.copyFile(join(PROJECT, "LICENSE"), join(root, "LICENSE"));
  const name = await runTool("npm", ["pack", "--silent", "--pack-destination", directory], { cwd: root });
  return { tarball: join(directory, name.trim()), bundle };
}

/** The package depends on the very Deno that has made its bundle, and on nothing else. */
function manifest(): Record<string, unknown> {
  return {
    name: "codebeaker",
    version: project.version,
    description: "Runs untrusted code on your own machine, on the lightest runtime that is safe enough",
    license: project.license,
    type: "module",
    bin: { codebeaker: "launch.js" },
    files: ["app", "flags.json", "launch.js"],
    dependencies: { deno: Deno.version.deno },
    engines: { node: ">=20" },
    os: ["linux"],
    cpu: ["x64", "arm64"],
  };
}

if (import.meta.main) {
  const [directory = join(PROJECT, "dist")] = Deno.args;
  // deno-lint-ignore no-console
  console.log((await packForNpm(directory)).tarball);
}
