import { join } from "@std/path";
import { type Bundle, bundleService, LICENCES } from "./bundle.ts";
import { bundleFlags } from "./flags.ts";
import { PROJECT } from "./project.ts";
import { runDeno } from "./run_tool.ts";

/** With this flag the compiler would leave out every module that is imported later. */
const LAZY = "--unstable-lazy-dynamic-imports";

/**
 * Compiles a bundle of the service to one binary. Deno fetches the runtime that it embeds, unless `DENORT_BIN` names it.
 * Programs are run by a `deno` on the search path, as the binary runs the service alone.
 */
export async function compileBundle(
  { directory, entries }: Bundle,
  output: string,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const [main = "", ...others] = [...entries, LICENCES].map((path) => join(directory, path));
  const included = others.flatMap((path) => ["--include", path]);
  const flags = bundleFlags().filter((flag) => flag !== LAZY);
  await runDeno(["compile", ...flags, ...included, "--output", output, main], { env });
}

if (import.meta.main) {
  const [output = join(PROJECT, "dist/bin/codebeaker")] = Deno.args;
  const directory = await Deno.makeTempDir();
  try {
    // A bundle, since the compiler overflows its stack on the modules of the source.
    await compileBundle(await bundleService(directory), output);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
