import { assertEquals } from "@std/assert";
import { fetchFrom, runHere } from "../../support/cli.ts";
import { appOf } from "../../server/support/app_of.ts";
import { fakeEngine } from "../../support/fake_ports.ts";

Deno.test("codebeaker runtimes shows the runtimes of a service, and how to make an absent one available", async () => {
  const capabilities = { startupTimeMs: 80, memoryOverheadMB: 30 };
  const runtimes = [
    { name: "light", available: true, isolation: { level: 8 }, capabilities, environments: [{ name: "ruby" }] },
    {
      ...{ name: "heavy", available: false, reason: "there is no socket", remedy: "install it" },
      ...{ isolation: { level: 9 }, capabilities, environments: [{ name: "go" }, { name: "bash" }] },
    },
  ];
  const fetch = fetchFrom(appOf({
    engine: fakeEngine({ describeRuntimes: () => Promise.resolve(runtimes as never) }),
  }));
  const { code, stdout } = await runHere(["runtimes", "--url", "http://127.0.0.1:8000"], { fetch });
  assertEquals([code, stdout.trimEnd().split("\n").map((line) => line.split(/ {2,}/))], [0, [
    ["RUNTIME", "AVAILABLE", "ISOLATION", "STARTUP", "MEMORY", "LANGUAGES"],
    ["light", "yes", "8", "80 ms", "30 MB", "ruby"],
    ["heavy", "no", "9", "80 ms", "30 MB", "go, bash"],
    [""],
    ["heavy: there is no socket: install it"],
  ]]);
});
