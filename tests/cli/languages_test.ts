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

Deno.test("codebeaker languages passes the flags before a subcommand on to it, and refuses those that it does not take", async () => {
  const asked: string[] = [];
  const fetch = (url: string) => {
    asked.push(url);
    return Promise.resolve(Response.json({ languages: [] }));
  };
  const own = ["--url", "http://127.0.0.1:8001"];
  for (const after of [[], own]) {
    const listed = await runHere(["languages", "--json", "--url", "http://127.0.0.1:8000", "list", ...after], {
      fetch,
    });
    assertEquals(JSON.parse(listed.stdout), { languages: [] });
  }
  assertEquals(asked.map((url) => new URL(url).port), ["8000", "8001"]);
  const blocked = await Deno.makeTempFile(); // No directory can be made below it.
  using _without = withoutOwnVariable();
  const added = await runHere(["languages", "--home", `${blocked}/home`, "add", "prolog"]);
  assertEquals([added.code, added.stderr.includes(blocked)], [1, true], added.stderr);
  await Deno.remove(blocked);
  const refused = await runHere(["languages", "--json", "add", "prolog"]);
  assertEquals([refused.code, refused.stderr], [2, 'error: "languages add" does not take --json\n']);
});

/** Takes the tests' own variable away until it is disposed of: the command reads all of that prefix, and refuses it. */
function withoutOwnVariable(): Disposable {
  const name = "CODEBEAKER_REQUIRE";
  const value = Deno.env.get(name);
  Deno.env.delete(name);
  return { [Symbol.dispose]: () => value === undefined ? undefined : Deno.env.set(name, value) };
}
