import { assertEquals, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../../../src/core/errors.ts";
import { pipPackages } from "../../../../src/runtimes/interpreters/python/pip_packages.ts";
import type { LaunchSite } from "../../../../src/runtimes/process/launch.ts";

const NOWHERE = "/nonexistent";
const STAGING = { source: "/staging", target: "/staging", access: "write" } as const;
/** An installer asks nothing of it. */
const SITE = {} as LaunchSite;

Deno.test("pipPackages() says what to install where the machine has no pip, and takes a wheel of it", async () => {
  const host = { find: () => "/usr/bin/python3", pipIndex: "https://index.example/simple/" };
  const without = pipPackages(host, { module: NOWHERE, wheels: NOWHERE });
  const error = assertThrows(() => without.launch(SITE, STAGING), CodeBeakerError);
  assertEquals([error.code, /apt-get install python3-pip/.test(error.message)], ["runtime_unavailable", true]);
  const wheels = await Deno.makeTempDir();
  await Deno.writeTextFile(`${wheels}/pip-25.1-py3-none-any.whl`, "");
  const { argv, mounts } = pipPackages(host, { module: NOWHERE, wheels }).launch(SITE, STAGING);
  assertEquals(argv.slice(0, 4), ["/usr/bin/python3", "-I", `${wheels}/pip-25.1-py3-none-any.whl/pip`, "install"]);
  assertEquals(mounts, [{ source: wheels, target: wheels, access: "read" }]);
  await Deno.remove(wheels, { recursive: true });
});

Deno.test("pipPackages() keeps one version of a package, whatever the spelling of its name", () => {
  const { parse, stage } = pipPackages({ find: () => NOWHERE, pipIndex: NOWHERE });
  const sources = parse(["My_Package==1", "other[extra]>=2,<3", "my.package==2"]);
  assertEquals(stage(sources), { "requirements.txt": "my.package==2\nother[extra]>=2,<3\n" });
});
