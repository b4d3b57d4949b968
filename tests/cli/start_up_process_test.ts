import { assertEquals } from "@std/assert";
import { SUBCOMMANDS } from "../../src/cli/subcommands.ts";
import { PROJECT } from "../support/service_process.ts";

interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly { readonly isDynamic?: boolean; readonly code?: { readonly specifier?: string } }[];
}

/** The project's files that are loaded with a file, before anything of it runs. */
async function loadedWith(entry: string): Promise<string[]> {
  const info = new Deno.Command(Deno.execPath(), { args: ["info", "--json", entry], cwd: PROJECT });
  const { stdout } = await info.output();
  const { modules, roots } = JSON.parse(new TextDecoder().decode(stdout));
  const byName = new Map((modules as readonly Module[]).map((module) => [module.specifier, module]));
  const loaded = new Set<string>(roots);
  for (const specifier of loaded) {
    for (const { code, isDynamic } of byName.get(specifier)?.dependencies ?? []) {
      if (isDynamic !== true && code?.specifier !== undefined) loaded.add(code.specifier);
    }
  }
  const prefix = new URL(`file://${PROJECT}`).href;
  return [...loaded].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
}

Deno.test("the command line loads the modules of no subcommand, and serve those of no other", async () => {
  const [main, serve] = [await loadedWith("src/cli/mod.ts"), await loadedWith("src/cli/serve.ts")];
  const others = SUBCOMMANDS.map(({ load }) => /import\("\.\/(.+?)"\)/.exec(String(load))?.[1] ?? "")
    .map((file) => `src/cli/${file}`);
  assertEquals(others.every((file) => /^src\/cli\/.+\.ts$/.test(file)), true);
  assertEquals(main.includes("src/cli/subcommands.ts"), true);
  assertEquals(main.filter((file) => others.includes(file) || file.startsWith("src/compose/")), []);
  assertEquals(serve.filter((file) => others.includes(file)), ["src/cli/serve.ts"]);
});
