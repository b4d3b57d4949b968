import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { listLanguages, renderLanguages, unmeasuredRows } from "../../docs/print_languages.ts";
import { layerAvailability } from "../support/layers.ts";
import { isPresent } from "../support/requirements.ts";
import { openRuntimeHost } from "../support/runtime_host.ts";
import { PROJECT } from "../support/service_process.ts";

const host = await openRuntimeHost();
Deno.test.afterAll(async () => await host[Symbol.asyncDispose]());

// The levels of the page are those of a machine with every layer.
if (isPresent("bubblewrap", layerAvailability(host.confinement, "bubblewrap"))) {
  Deno.test("docs/selection.md has the table that `task docs:languages` prints, but for what is measured", async () => {
    const page = await Deno.readTextFile(join(PROJECT, "docs/selection.md"));
    assertEquals(unmeasuredRows(page), unmeasuredRows(renderLanguages(await listLanguages(host), new Map())));
  });
}
