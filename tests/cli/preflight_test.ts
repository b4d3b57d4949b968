import { assertEquals, assertStringIncludes } from "@std/assert";
import { whyTooOld, whyUnloaded } from "../../src/cli/preflight.ts";

Deno.test("whyTooOld() says what to do with a Deno that is too old, and nothing of others", () => {
  for (const version of ["1.46.3", "2.0.0", "2.8.9"]) {
    const why = whyTooOld(version) ?? "";
    for (const part of ["Deno 2.9 or later", "deno upgrade", version]) assertStringIncludes(why, part);
  }
  for (const version of ["2.9.0", "2.9.6", "2.10.0", "2.10.0-rc.1+abc", "3.0.0"]) {
    assertEquals(whyTooOld(version), undefined);
  }
});

Deno.test("whyUnloaded() says what to do without a registry, and nothing of other failures", () => {
  const failed = "Failed caching npm package 'zod@4.6.0'\n    0: error sending request\n    1: client error";
  assertEquals(
    whyUnloaded(new TypeError(failed)),
    "Cannot load CodeBeaker's packages: name a registry of npm that can be reached (NPM_CONFIG_REGISTRY): Failed caching npm package 'zod@4.6.0': error sending request",
  );
  for (const other of [new SyntaxError("Unexpected token"), "no error"]) assertEquals(whyUnloaded(other), undefined);
});
