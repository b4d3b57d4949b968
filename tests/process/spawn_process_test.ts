import { assert, assertEquals } from "@std/assert";
import { SystemCalls } from "../../src/host/system_calls.ts";
import { succeeds } from "../../src/process/spawn.ts";
import { findExecutable } from "../../src/sandbox/launchers/find_launchers.ts";

Deno.test("succeeds() starts a helper that leads its group and reads what it inherits, behind setsid or without", async () => {
  using calls = SystemCalls.open();
  assert(calls !== undefined);
  const setsid = findExecutable("setsid");
  const line =
    `read -r _ _ _ _ group _ </proc/$$/stat; read -r word </proc/self/fd/$0; [ "$group $word" = "$$ heard" ]`;
  const inherited = { word: 3, open: () => calls.openInheritedFile(new TextEncoder().encode("heard\n")) };
  for (const options of [{ inherited }, { inherited, setsid }]) {
    assertEquals(await succeeds(["/bin/sh", "-c", line, "0"], options), true);
    assertEquals(await succeeds(["/bin/sh", "-c", `! { ${line}; }`, "0"], options), false);
  }
});
