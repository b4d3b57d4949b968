import { assertEquals, assertStringIncludes } from "@std/assert";
import { openStorage } from "../../src/storage/mod.ts";
import { runAlone } from "../support/cli.ts";

/** A home whose audit log has an entry for each of so many hours of a day. */
async function withHome(entries: number, use: (home: string) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir();
  {
    using storage = openStorage(`${home}/codebeaker.db`);
    for (let index = 0; index < entries; index++) {
      const at = new Date(Date.UTC(2026, 0, 1, index)).toISOString();
      storage.audit.append({
        at,
        tenant: "one",
        key: "ci",
        action: "test",
        subject: `exec_${index}`,
        facts: { index },
      });
    }
  }
  try {
    await use(home);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

async function subjects(home: string, ...flags: readonly string[]): Promise<string[]> {
  const { code, stdout, stderr } = await runAlone(["audit", "--home", home, ...flags]);
  assertEquals([code, stderr], [0, ""]);
  return stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line).subject);
}

Deno.test("codebeaker audit prints one JSON object a line, the oldest first, from a time on and up to a count", () =>
  withHome(5, async (home) => {
    const { stdout } = await runAlone(["audit", "--home", home, "--limit", "1"]);
    assertEquals(JSON.parse(stdout), {
      number: 1,
      at: "2026-01-01T00:00:00.000Z",
      tenant: "one",
      key: "ci",
      action: "test",
      subject: "exec_0",
      facts: { index: 0 },
    });
    const all = ["exec_0", "exec_1", "exec_2", "exec_3", "exec_4"];
    assertEquals(await subjects(home), all);
    assertEquals(await subjects(home, "--since", "2026-01-01T03:00:00Z"), all.slice(3));
    assertEquals(await subjects(home, "--since", "2026-01-01T03:00+01:00", "--limit", "2"), all.slice(2, 4));
    assertEquals(await subjects(home, "--since", "2026-01-01"), all);
    assertEquals(await subjects(home, "--since", "2026-01-02"), []);
  }));

Deno.test("codebeaker audit prints more than it reads in one go", () =>
  withHome(1_203, async (home) => {
    assertEquals((await subjects(home)).length, 1_203);
    assertEquals((await subjects(home, "--limit", "501")).at(-1), "exec_500");
  }));

Deno.test("codebeaker audit says what a flag must be, and exits with 2", () =>
  withHome(1, async (home) => {
    const wrong = [
      "--since=yesterday",
      "--since=2026-13-01",
      "--since=2026-01-01T25:00",
      "--limit=0",
      "--limit=-1",
      "--limit=x",
    ];
    for (const flag of wrong) {
      const { code, stdout, stderr } = await runAlone(["audit", "--home", home, flag]);
      assertEquals([flag, code, stdout], [flag, 2, ""]);
      assertStringIncludes(stderr, `${flag.split("=")[0]} must be`);
    }
  }));
