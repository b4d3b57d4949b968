import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import project from "../../deno.json" with { type: "json" };
import { bundleFlags } from "../../packaging/flags.ts";
import { findOnPath } from "../support/find_node.ts";
import { isPresent } from "../support/requirements.ts";
import { PROJECT } from "../support/service_process.ts";

const node = findOnPath("node");
const found = node === undefined
  ? { available: false, reason: "node cannot be found" } as const
  : { available: true } as const;

Deno.test("the page of packaging installs the service with the flags by which it takes less memory", async () => {
  const page = await Deno.readTextFile(join(PROJECT, "docs/packaging.md"));
  const command = /^npx .* install .*?main\.ts$/ms.exec(page)?.[0] ?? "";
  const flags = bundleFlags().filter((flag) => /^--(v8-flags=.*--heap-growing|unstable-lazy)/.test(flag));
  assertEquals(flags.length, 2);
  for (const flag of flags) assertStringIncludes(command, ` ${flag} `);
});

Deno.test("every command of the project has the flags of serve: V8 takes compiled code only from a process with the same", () => {
  const ofMain = Object.values(project.tasks).flatMap(({ command }) =>
    /^deno run .* main\.ts(?= |$)/.exec(command) ?? []
  );
  assert(ofMain.length > 5);
  assertEquals(new Set(ofMain).size, 1);
});

if (isPresent("node", found) && node !== undefined) {
  Deno.test("npm's command gives Deno the flags of the package, the bundle and its own arguments", async () => {
    const directory = await Deno.makeTempDir();
    try {
      const packageOfDeno = join(directory, "node_modules/deno");
      await Deno.mkdir(packageOfDeno, { recursive: true });
      await Deno.writeTextFile(join(packageOfDeno, "package.json"), "{}");
      await Deno.writeTextFile(join(packageOfDeno, "deno"), '#!/bin/sh\necho "$@"\n', { mode: 0o755 });
      await Deno.writeTextFile(join(directory, "package.json"), '{ "type": "module" }');
      await Deno.writeTextFile(join(directory, "flags.json"), '["--less", "--lazy"]');
      const launch = join(directory, "launch.js");
      await Deno.copyFile(join(PROJECT, "packaging/npm/launch.js"), launch);
      const { stdout } = await new Deno.Command(node, { args: [launch, "run", "-"] }).output();
      const main = join(await Deno.realPath(directory), "app/main.js");
      assertEquals(new TextDecoder().decode(stdout), `run --less --lazy ${main} run -\n`);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
}
