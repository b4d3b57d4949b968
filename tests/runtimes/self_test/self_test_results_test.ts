import { assertEquals } from "@std/assert";
import { SelfTestResults } from "../../../src/runtimes/self_test/self_test_results.ts";

Deno.test("SelfTestResults.has() is true in the next process, for the version that passed", async () => {
  const home = await Deno.makeTempDir();
  await new SelfTestResults(home).add("deno", "1");
  await new SelfTestResults(home).add("docker", "a");
  const later = new SelfTestResults(home);
  assertEquals(
    await Promise.all(
      [["deno", "1"], ["deno", "2"], ["docker", "a"], ["bun", "1"]].map(([subject, version]) =>
        later.has(subject ?? "", version ?? "")
      ),
    ),
    [true, false, true, false],
  );
  await later.add("deno", "2");
  assertEquals([await later.has("deno", "1"), await later.has("deno", "2")], [false, true]);
  assertEquals([...Deno.readDirSync(home)].map(({ name }) => name), ["self_test.json"]);
  assertEquals(((await Deno.stat(`${home}/self_test.json`)).mode ?? 0) & 0o777, 0o600);
  await Deno.remove(home, { recursive: true });
});

Deno.test("SelfTestResults that cannot be read or written store nothing, and do not fail", async () => {
  const home = await Deno.makeTempDir();
  for (const text of ["", "null", "[1", '"x"']) {
    await Deno.writeTextFile(`${home}/self_test.json`, text);
    assertEquals(await new SelfTestResults(home).has("deno", "1"), false);
  }
  await Deno.remove(home, { recursive: true });
  for (const nowhere of [new SelfTestResults(home), new SelfTestResults(undefined)]) {
    await nowhere.add("deno", "1");
    assertEquals(await nowhere.has("deno", "1"), false);
  }
});

Deno.test("SelfTestResults.add() stores all subjects that pass at the same time", async () => {
  const home = await Deno.makeTempDir();
  const selfTestResults = new SelfTestResults(home);
  const subjects = ["one", "two", "three"];
  await Promise.all(subjects.map((subject) => selfTestResults.add(subject, "1")));
  assertEquals(await Promise.all(subjects.map((subject) => new SelfTestResults(home).has(subject, "1"))), [
    true,
    true,
    true,
  ]);
  await Deno.remove(home, { recursive: true });
});
