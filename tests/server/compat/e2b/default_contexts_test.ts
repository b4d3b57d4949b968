import { assertEquals, assertRejects } from "@std/assert";
import { DefaultContexts } from "../../../../src/server/compat/e2b/default_contexts.ts";

Deno.test("a default context is created once for a session and language, also when two ask at a time", async () => {
  const contexts = new DefaultContexts();
  let created = 0;
  const create = () => Promise.resolve(`ctx_${++created}`);
  const [first, again] = await Promise.all([
    contexts.find("a", "python", create),
    contexts.find("a", "python", create),
  ]);
  assertEquals([first, again], ["ctx_1", "ctx_1"]);
  assertEquals(await contexts.find("a", undefined, create), "ctx_2");
  assertEquals(await contexts.find("b", "python", create), "ctx_3");
  contexts.drop("a", "python");
  assertEquals(await contexts.find("a", "python", create), "ctx_4");
  contexts.forget("b");
  assertEquals(await contexts.find("b", "python", create), "ctx_5");
});

Deno.test("a context that could not be created is created by the next who asks, and sessions are bounded", async () => {
  const contexts = new DefaultContexts();
  await assertRejects(() => contexts.find("a", "python", () => Promise.reject(new Error("busy"))), Error, "busy");
  assertEquals(await contexts.find("a", "python", () => Promise.resolve("ctx_1")), "ctx_1");
  for (let index = 0; index < 1_000; index++) await contexts.find(`${index}`, "x", () => Promise.resolve("ctx"));
  assertEquals(await contexts.find("a", "python", () => Promise.resolve("ctx_2")), "ctx_2");
});
