import { assertEquals } from "@std/assert";
import { keepRejections } from "../../../src/runtimes/isolate/addon.ts";

const encode = (text: string) => new TextEncoder().encode(text);

Deno.test("keepRejections() puts a function without effect in the place of the one that makes handles weak", () => {
  const others = "\0_ZN2v812api_internal9ClearWeakEPm\0_ZN2v812api_internal8MakeWeakEPmPv\0";
  const addon = encode(`\x7fELF${others}_ZN2v812api_internal8MakeWeakEPPm\0rest`);
  assertEquals(keepRejections(addon), encode(`\x7fELF${others}abs${"\0".repeat(31)}rest`));
  assertEquals(keepRejections(encode(others)), encode(others));
});
