import { assertEquals, assertMatch } from "@std/assert";
import { checkMachine } from "../../src/sandbox/machine_checks.ts";

Deno.test("checkMachine() finds directories good that can be used, and says of others what to do", async () => {
  const directory = await Deno.makeTempDir();
  const of = async (places: Parameters<typeof checkMachine>[0]) =>
    Object.fromEntries((await checkMachine(places)).map((finding) => [finding.name, finding]));
  const good = await of({ scratch: directory, home: directory });
  assertEquals([good["scratch"]?.good, good["home"]?.good], [true, true]);
  assertMatch(good["scratch"]?.detail ?? "", /, on \w+ with \d+ MB of room$/);
  assertEquals([...Deno.readDirSync(directory)], []);
  for (const path of [undefined, `${directory}/absent`]) {
    const { home, scratch } = await of({ scratch: path, home: path });
    assertEquals([scratch?.good, home?.good], [false, false]);
    assertMatch(scratch?.remedy ?? "", /--scratch/);
    assertMatch(home?.remedy ?? "", /--home/);
  }
  await Deno.remove(directory, { recursive: true });
});
