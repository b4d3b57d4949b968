import { assertEquals } from "@std/assert";
import { readBoolean, readHosts, readList, readWhole } from "../../../src/core/parsing/written_values.ts";

Deno.test("readWhole() and readBoolean() leave a text that is none as it is", () => {
  assertEquals(["0", "12", "-1", "1.5", "1e3", ""].map(readWhole), [0, 12, "-1", "1.5", "1e3", ""]);
  assertEquals(["true", "false", "True", "1", ""].map(readBoolean), [true, false, "True", "1", ""]);
});

Deno.test("readList() and readHosts() read what stands between commas, and hosts also all or none", () => {
  assertEquals(["", "a", "a,,b,"].map(readList), [[], ["a"], ["a", "b"]]);
  assertEquals(["true", "false", "a.example,10.1.2.3:80"].map(readHosts), [true, false, ["a.example", "10.1.2.3:80"]]);
});
