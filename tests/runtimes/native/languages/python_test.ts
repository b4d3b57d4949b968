import { assertEquals } from "@std/assert";
import { python } from "../../../../src/runtimes/native/languages/python.ts";

Deno.test("python waits by no binary but a Python of Debian's packages", () => {
  const binaries = ["/usr/bin/env", "/nonexistent"];
  assertEquals(binaries.map((binary) => python.waiter?.findTexts(binary)), [undefined, undefined]);
});
