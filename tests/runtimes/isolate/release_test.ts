import { assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { ADDON, findPart } from "../../../src/runtimes/isolate/release.ts";

Deno.test("findPart() says which part is not installed", () => {
  for (const home of [undefined, "/nowhere"]) {
    assertThrows(
      () => findPart(ADDON, { home, searchPath: ["/nowhere"] }),
      CodeBeakerError,
      "isolated-vm.node is not installed",
    );
  }
});
