import { assertEquals } from "@std/assert";
import { describeLanguages } from "../../../src/runtimes/selection/language_description.ts";
import type { RuntimeDescription } from "../../../src/runtimes/selection/description.ts";

/** A description, as far as languages depend on it. */
function runtime(parts: Pick<RuntimeDescription, "name" | "environments"> & Partial<RuntimeDescription>) {
  return { available: true, ...parts } as RuntimeDescription;
}

Deno.test("describeLanguages() describes each language once, by all runtimes that support it", () => {
  const light = runtime({
    name: "light",
    environments: [{ name: "typescript", available: true, contexts: true }],
  });
  const heavy = runtime({
    name: "heavy",
    environments: [
      { name: "python", available: false, reason: "no image", remedy: "build it", contexts: true },
      { name: "typescript", available: false, reason: "no image", contexts: false },
      { name: "ruby", available: true, contexts: false },
    ],
  });
  assertEquals(describeLanguages([light, heavy]), [
    { name: "typescript", aliases: ["ts"], available: true, runtimes: ["light", "heavy"], contexts: true },
    {
      name: "python",
      aliases: ["python3", "py"],
      available: false,
      reason: "heavy: no image: build it",
      runtimes: ["heavy"],
      contexts: true,
    },
    { name: "ruby", aliases: ["rb"], available: true, runtimes: ["heavy"], contexts: false },
  ]);
});

Deno.test("describeLanguages() gives the reason of a whole runtime where a language on it has none of its own", () => {
  const environments = [
    { name: "go", available: false, reason: "no compiler", remedy: "install it", contexts: false },
    { name: "sh", available: true, contexts: false },
  ];
  const gone = runtime({ name: "heavy", available: false, reason: "it failed", environments });
  assertEquals(describeLanguages([gone]).map(({ reason }) => reason), [
    "heavy: no compiler: install it",
    "heavy: it failed",
  ]);
});
