import { assertEquals, assertStringIncludes } from "@std/assert";
import { whyTooOld } from "../../src/cli/own_version.ts";

Deno.test("whyTooOld() says what to do with a Deno that is too old, and nothing of others", () => {
  for (const version of ["1.46.3", "2.0.0", "2.8.9"]) {
    const why = whyTooOld(version) ?? "";
    for (const part of ["Deno 2.9 or later", "deno upgrade", version]) assertStringIncludes(why, part);
  }
  for (const version of ["2.9.0", "2.9.6", "2.10.0", "2.10.0-rc.1+abc", "3.0.0"]) {
    assertEquals(whyTooOld(version), undefined);
  }
});
