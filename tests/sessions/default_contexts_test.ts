import { assertEquals, assertRejects } from "@std/assert";
import { DefaultContexts } from "../../src/sessions/default_contexts.ts";

Deno.test("a default context is created once for a language, also when two ask at a time, and replaced when lost", async () => {
  const contexts = new DefaultContexts();
  let created = 0;
  const live = new Set<string>();
  const options = {
    isLive: (id: string) => live.has(id),
    async create() {
      await Promise.resolve();
      const id = `ctx_${++created}`;
      live.add(id);
      return id;
    },
  };
  const both = (language: string) => Promise.all([contexts.find(language, options), contexts.find(language, options)]);
  assertEquals(await both("python"), ["ctx_1", "ctx_1"]);
  assertEquals(await contexts.find("r", options), "ctx_2");
  assertEquals(await both("python"), ["ctx_1", "ctx_1"]);
  live.delete("ctx_1");
  assertEquals(await both("python"), ["ctx_3", "ctx_3"]);
  assertEquals(await contexts.find("r", options), "ctx_2");
});

Deno.test("a default context that could not be created is created by the next who asks", async () => {
  const contexts = new DefaultContexts();
  const isLive = () => true;
  const failing = { isLive, create: () => Promise.reject(new Error("busy")) };
  const asked = [contexts.find("python", failing), contexts.find("python", failing)];
  for (const one of asked) await assertRejects(() => one, Error, "busy");
  assertEquals(await contexts.find("python", { isLive, create: () => Promise.resolve("ctx_1") }), "ctx_1");
});
