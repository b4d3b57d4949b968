import { assertEquals } from "@std/assert";
import { appOf } from "../server/support/app_of.ts";
import { fetchFrom, runHere } from "../support/cli.ts";
import { fakeEngine } from "../support/fake_ports.ts";

Deno.test("codebeaker languages shows the languages of a service, and each reason for an absent one once", async () => {
  const reason = "one: it is not installed: install it";
  const absent = { aliases: [], available: false, reason, runtimes: ["one"], contexts: false };
  const languages = [
    { name: "python", aliases: ["py"], available: true, runtimes: ["one", "two"], contexts: true },
    { name: "go", ...absent },
    { name: "bash", ...absent },
  ];
  const fetch = fetchFrom(appOf({ engine: fakeEngine({ describeLanguages: () => Promise.resolve(languages) }) }));
  const ask = (...flags: readonly string[]) =>
    runHere(["languages", "--url", "http://127.0.0.1:8000", ...flags], { fetch });
  assertEquals(JSON.parse((await ask("--json")).stdout), { languages });
  const { code, stdout } = await ask();
  assertEquals([code, stdout.trimEnd().split("\n").map((line) => line.split(/ {2,}/))], [0, [
    ["LANGUAGE", "ALIASES", "RUNTIMES", "CONTEXTS", "AVAILABLE"],
    ["python", "py", "one, two", "yes", "yes"],
    ["go", "-", "one", "no", "no"],
    ["bash", "-", "one", "no", "no"],
    [""],
    [`go, bash: ${reason}`],
  ]]);
});
