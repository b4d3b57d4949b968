import { assertEquals } from "@std/assert";
import { addressOf, parseRoute } from "../../../../../src/server/console/page/shell/route.ts";

Deno.test("parseRoute() reads what addressOf() writes, and takes any other address for the first page", () => {
  assertEquals(parseRoute(addressOf("live")), { page: "live" });
  assertEquals(parseRoute(addressOf("executions", "exec_1")), { page: "executions", id: "exec_1" });
  for (const hash of ["", "#", "#/", "#/nothing", "#main"]) assertEquals(parseRoute(hash), { page: "run" });
});
