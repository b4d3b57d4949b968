import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { flagsOf } from "../../packaging/flags.ts";
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
  const flags = flagsOf("serve").filter((flag) => /^--(v8-flags=.*--heap-growing|unstable-lazy)/.test(flag));
  assertEquals(flags.length, 2);
  for (const flag of flags) assertStringIncludes(command, ` ${flag} `);
});

if (isPresent("node", found) && node !== undefined) {
  Deno.test("npm's command has the flags of serve for serve and mcp, and not for commands that end", async () => {
    const directory = await Deno.makeTempDir();
    try {
      const packageOfDeno = join(directory, "node_modules/deno");
      await Deno.mkdir(packageOfDeno, { recursive: true });
      await Deno.writeTextFile(join(packageOfDeno, "package.json"), "{}");
      await Deno.writeTextFile(join(packageOfDeno, "deno"), '#!/bin/sh\necho "$2"\n', { mode: 0o755 });
      await Deno.writeTextFile(join(directory, "package.json"), '{ "type": "module" }');
      await Deno.writeTextFile(join(directory, "flags.json"), '{ "serve": ["--less"], "other": ["--plain"] }');
      const launch = join(directory, "launch.js");
      await Deno.copyFile(join(PROJECT, "packaging/npm/launch.js"), launch);
      const printed = await Promise.all(["serve", "mcp", "run"].map(async (command) => {
        const { stdout } = await new Deno.Command(node, { args: [launch, command] }).output();
        return new TextDecoder().decode(stdout);
      }));
      assertEquals(printed, ["--less\n", "--less\n", "--plain\n"]);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
}
