import { assertEquals, assertRejects } from "@std/assert";
import { keepTexts } from "../../../src/server/http/kept_text.ts";

Deno.test("keepTexts() loads, encodes and hashes a text once, and keeps no name without one", async () => {
  const loaded: string[] = [];
  const read = keepTexts((name) => {
    loaded.push(name);
    return Promise.resolve(name === "none" ? undefined : { text: name, type: "text/plain" });
  });
  const [first, second] = await Promise.all([read("a"), read("a")]);
  assertEquals([first === second, first === await read("a"), first === await read("b")], [true, true, false]);
  for (let asked = 0; asked < 2; asked++) assertEquals(await read("none"), undefined);
  assertEquals(loaded, ["a", "b", "none", "none"]);
});

Deno.test("keepTexts() loads a text again that could not be loaded", async () => {
  let tries = 0;
  const read = keepTexts(() => {
    if (tries++ === 0) return Promise.reject(new Error("no descriptors"));
    return Promise.resolve({ text: "text", type: "text/plain" });
  });
  await assertRejects(() => read("a"), Error, "no descriptors");
  assertEquals((await read("a"))?.type, "text/plain");
});
