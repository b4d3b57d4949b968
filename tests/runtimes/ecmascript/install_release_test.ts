import { assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { Instance } from "../../../src/host/instance.ts";
import { installRelease } from "../../../src/runtimes/ecmascript/install_release.ts";
import { installedPath, type Release } from "../../../src/runtimes/ecmascript/release.ts";
import { type NpmRegistry, openNpmRegistry, type PublishedPackage } from "../../support/npm_registry.ts";

const PLATFORM = `${Deno.build.os}-${Deno.build.arch}`;
const TOOL: PublishedPackage = {
  name: "@tools/tool",
  version: "1.2.3",
  files: { "docs/readme.md": "x".repeat(100_000), "bin/tool": "#!/bin/sh\necho ran\n", "bin/other": "1" },
  manifest: { scripts: { preinstall: "touch /tmp/never", postinstall: "touch /tmp/never" } },
};

interface Bench {
  readonly registry: NpmRegistry;
  readonly home: string;
  /** What lies where binaries are installed. */
  installed(): string[];
  install(release: Release, instance?: string): ReturnType<typeof installRelease>;
}

async function withBench(use: (bench: Bench) => Promise<void>): Promise<void> {
  await using registry = await openNpmRegistry([TOOL]);
  const home = await Deno.makeTempDir();
  const { signal } = new AbortController();
  const progress = { signal, begin: () => ({ update: () => {}, [Symbol.dispose]: () => {} }) };
  try {
    await use({
      registry,
      home,
      installed: () => [...Deno.readDirSync(`${home}/binaries`)].map(({ name }) => name),
      install: (release, instance) =>
        installRelease(release, { home, instance, progress, signal, registry: registry.url }),
    });
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

/** The release that the registry has, or one that differs from it. */
async function releaseOf(
  { url }: NpmRegistry,
  differs: { readonly binary?: string; readonly integrity?: string } = {},
) {
  const tarball = await (await fetch(`${url}@tools/tool/-/tool-1.2.3.tgz`)).bytes();
  const integrity = `sha512-${createHash("sha512").update(tarball).digest("base64")}`;
  const { binary = "tool", ...rest } = differs;
  return { binary, packages: { [PLATFORM]: { name: "@tools/tool", version: "1.2.3", integrity, ...rest } } };
}

Deno.test("installRelease() installs the binary alone, and the second time asks nobody", async () => {
  await withBench(async ({ home, install, installed, registry }) => {
    const release = await releaseOf(registry);
    const path = `${home}/binaries/tool-1.2.3/tool`;
    registry.requests.length = 0;
    assertEquals(await install(release), { path, version: "1.2.3", wasThere: false });
    assertEquals([await Deno.readTextFile(path), (Deno.statSync(path).mode ?? 0) & 0o777], [
      TOOL.files["bin/tool"],
      0o755,
    ]);
    assertEquals([...Deno.readDirSync(`${home}/binaries/tool-1.2.3`)].map(({ name }) => name), ["tool"]);
    assertEquals(await install(release), { path, version: "1.2.3", wasThere: true });
    assertEquals([installed(), registry.requests], [["tool-1.2.3"], ["/@tools/tool/-/tool-1.2.3.tgz"]]);
  });
});

Deno.test("installRelease() installs anew where the binary that is there may not be executed", async () => {
  await withBench(async ({ install, installed, registry }) => {
    const release = await releaseOf(registry);
    const { path } = await install(release);
    await Deno.chmod(path, 0o644);
    assertEquals((await install(release)).wasThere, false);
    assertEquals([installed(), (Deno.statSync(path).mode ?? 0) & 0o777], [["tool-1.2.3"], 0o755]);
  });
});

Deno.test("installRelease() installs once when two install at the same time", async () => {
  await withBench(async ({ install, installed, registry }) => {
    const release = await releaseOf(registry);
    await Promise.all([install(release), install(release)]);
    assertEquals(installed(), ["tool-1.2.3"]);
  });
});

Deno.test("installRelease() leaves nothing of what is not the release, and says why", async () => {
  await withBench(async ({ home, install, installed, registry }) => {
    const release = await releaseOf(registry);
    const [found] = Object.values(release.packages);
    const table: [Release, string][] = [
      [await releaseOf(registry, { integrity: "sha512-AAAA" }), `its digest is ${found?.integrity}`],
      [await releaseOf(registry, { binary: "missing" }), "its package holds no bin/missing"],
      [{ binary: "tool", packages: { [PLATFORM]: { name: "gone", version: "1.0.0", integrity: "" } } }, "answered 404"],
    ];
    for (const [differing, why] of table) {
      await assertRejects(() => install(differing), CodeBeakerError, why);
      assertEquals(installed(), []);
    }
    await registry[Symbol.asyncDispose]();
    await assertRejects(() => install(release), CodeBeakerError, "cannot be fetched");
    assertEquals(installed(), []);
    await assertRejects(
      () => install({ binary: "tool", packages: {} }),
      CodeBeakerError,
      `there is no package for ${Deno.build.os} on ${Deno.build.arch}`,
    );
    assertEquals(
      installedPath(home, release, { name: "x", version: "9", integrity: "" }),
      `${home}/binaries/tool-9/tool`,
    );
  });
});

Deno.test("installRelease() removes what an installation left that was killed, and nothing of one that runs", async () => {
  await withBench(async ({ home, install, installed, registry }) => {
    for (const name of [".staging-killed", ".staging-running"]) {
      await Deno.mkdir(`${home}/binaries/${name}`, { recursive: true });
      await Deno.writeTextFile(`${home}/binaries/${name}/package.tgz`, "half");
    }
    await Deno.utime(`${home}/binaries/.staging-killed`, 0, 0);
    await install(await releaseOf(registry));
    assertEquals(installed().toSorted(), [".staging-running", "tool-1.2.3"]);
  });
});

Deno.test("installRelease() removes other versions unless a process lives that has an identity of the home", async () => {
  await withBench(async ({ home, install, installed, registry }) => {
    const release = await releaseOf(registry);
    const older = () => Deno.mkdir(`${home}/binaries/tool-1.0.0/parts`, { recursive: true });
    await Deno.mkdir(`${home}/binaries/tool-kit-1.0.0`, { recursive: true }); // Another thing, whose name begins alike.
    await older();
    {
      using _user = await Instance.openPassing(home);
      assertEquals((await install(release)).wasThere, false);
      assertEquals(installed().toSorted(), ["tool-1.0.0", "tool-1.2.3", "tool-kit-1.0.0"]);
    }
    assertEquals((await install(release)).wasThere, true);
    assertEquals(installed().toSorted(), ["tool-1.2.3", "tool-kit-1.0.0"]);
    await older();
    using own = await Instance.openLasting(home);
    await install(release);
    assertEquals(installed().toSorted(), ["tool-1.0.0", "tool-1.2.3", "tool-kit-1.0.0"]);
    await install(release, own.id);
    assertEquals(installed().toSorted(), ["tool-1.2.3", "tool-kit-1.0.0"]);
  });
});
