import { assertEquals } from "@std/assert";
import { IPV4_ONLY_FILTER } from "../../src/system/seccomp.ts";

Deno.test("IPV4_ONLY_FILTER is ten instructions of eight bytes, or absent where the machine is not known", () => {
  const isKnown = Deno.build.os === "linux" && ["x86_64", "aarch64"].includes(Deno.build.arch);
  assertEquals(IPV4_ONLY_FILTER?.length, isKnown ? 80 : undefined);
});
