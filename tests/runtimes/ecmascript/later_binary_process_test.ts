import { dirname, join } from "@std/path";
import { assertStringIncludes } from "@std/assert";
import { RELEASE } from "../../../src/runtimes/node/release.ts";
import { create } from "../../../src/runtimes/node/mod.ts";
import { findRelease, installedPath, packageFor } from "../../../src/runtimes/ecmascript/release.ts";
import { describeObstacle } from "../../../src/core/capabilities.ts";
import { isPresent, testedAvailability } from "../../support/requirements.ts";
import { openRuntime, openRuntimeHost, searchPath } from "../../support/runtime_host.ts";
import { until } from "../../support/until.ts";

/** Begins as a process of Node does (src/runtimes/ecmascript/begin.cjs), and prints a version that will not do. */
const OLDER = "#!/bin/sh\nprintf '\\000\\007\\000' >&2\nhead -c 1 >/dev/null\necho 20.1.0\n";

const { runtime: known } = await openRuntime(create);
if (isPresent("node", await testedAvailability(known))) {
  for (const place of ["the home", "the search path", "the older one's place"]) {
    Deno.test(`[node] a binary that is installed while the service runs is found, in ${place}, after an older one`, async () => {
      await using files = new AsyncDisposableStack();
      const directory = await Deno.makeTempDir({ dir: "/tmp" });
      files.defer(() => Deno.remove(directory, { recursive: true }));
      await Deno.chmod(directory, 0o755);
      const [earlier, later, home] = ["earlier", "later", "home"].map((name) => join(directory, name)) as [
        string,
        string,
        string,
      ];
      for (const made of [earlier, later, home]) await Deno.mkdir(made, { mode: 0o755 });
      await using host = await openRuntimeHost({ home, searchPath: [earlier, later, "/usr/bin", "/bin"] });
      await using runtime = create(host);
      const older = join(later, RELEASE.binary);
      await Deno.writeTextFile(older, OLDER, { mode: 0o755 });
      const said = async () => {
        const answer = await runtime.isAvailable();
        return answer.available ? "available" : describeObstacle(answer);
      };
      await until(async () => (await said()).includes("20.1.0"), "the older binary is refused");
      assertStringIncludes(await said(), "Node 22.18 or later is needed");

      const found = findRelease(RELEASE, {
        ...{ home: undefined, named: undefined, remedy: "", setting: "", searchPath: searchPath() },
      });
      const released = packageFor(RELEASE);
      const target = {
        "the home": released === undefined ? older : installedPath(home, RELEASE, released),
        "the search path": join(earlier, RELEASE.binary),
      }[place] ?? older;
      await Deno.mkdir(dirname(target), { recursive: true, mode: 0o755 });
      await Deno.copyFile(found, `${target}.new`);
      await Deno.chmod(`${target}.new`, 0o755);
      await Deno.rename(`${target}.new`, target);
      await until(async () => await said() === "available", "the new binary is found");
    });
  }
}
