import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { listLanguages, renderLanguages, unmeasuredRows } from "../../docs/print_languages.ts";
import { isPresent } from "../support/requirements.ts";
import { openRuntimeHost } from "../support/runtime_host.ts";
import { PROJECT } from "../support/service_process.ts";
import { WITHOUT_DOCKER } from "../support/variables.ts";

// The levels of the page are those of a machine with every layer.
const host = await openRuntimeHost({
  settings: { docker: { dockerHost: WITHOUT_DOCKER.CODEBEAKER_DOCKER_HOST, dockerPull: "never" } },
});
Deno.test.afterAll(async () => await host[Symbol.asyncDispose]());
const completeness = host.confinement.isComplete
  ? { available: true } as const
  : { available: false, reason: "not every layer is on" } as const;
if (isPresent("every_layer", completeness)) {
  Deno.test("docs/selection.md has the table that `task docs:languages` prints, but for what is measured", async () => {
    const page = await Deno.readTextFile(join(PROJECT, "docs/selection.md"));
    assertEquals(unmeasuredRows(page), unmeasuredRows(renderLanguages(await listLanguages(host), new Map())));
  });
}
