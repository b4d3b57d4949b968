import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { formatMarkdown, renderConfiguration } from "../../docs/print_configuration.ts";
import { PROJECT } from "../support/service_process.ts";

Deno.test("docs/configuration.md is what `task docs:configuration` prints", async () => {
  const page = await Deno.readTextFile(join(PROJECT, "docs/configuration.md"));
  assertEquals(page, await formatMarkdown(renderConfiguration()));
});
