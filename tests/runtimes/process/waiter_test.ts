import { assertEquals } from "@std/assert";
import { runtimeUnavailable } from "../../../src/core/errors.ts";
import { findWaiter, type Waiter } from "../../../src/runtimes/process/waiter.ts";

const TEXTS = { "/etc/waiter": "waits" };
const WAITER: Waiter = { memoryMb: 1, findTexts: (binary) => binary === "/usr/bin/own" ? TEXTS : undefined };

Deno.test("findWaiter() finds none where programs have no file system of their own, for no binary, and for another one", () => {
  const confinement = { canMount: true };
  const find = () => "/usr/bin/own";
  assertEquals(findWaiter(WAITER, { confinement, find }), { ...WAITER, texts: TEXTS });
  assertEquals(findWaiter(WAITER, { confinement: { canMount: false }, find }), undefined);
  assertEquals(findWaiter(WAITER, { confinement, find: () => "/usr/bin/env" }), undefined);
  const missing = () => {
    throw runtimeUnavailable({ reason: "it is not here", remedy: "install it" });
  };
  assertEquals(findWaiter(WAITER, { confinement, find: missing }), undefined);
  assertEquals(findWaiter(undefined, { confinement, find }), undefined);
});
