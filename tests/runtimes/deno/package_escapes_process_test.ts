import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { PublishedPackage } from "../../support/npm_registry.ts";
import { isPresent } from "../../support/requirements.ts";
import { assertExited, openPackagesBench, packagesAvailability, type PackagesBench } from "./packages_bench.ts";

// Each is a way out by installed packages, or by what a program leaves for an installation, that has to stay closed.

const BASE: PublishedPackage = { name: "base", version: "1.0.0", files: { "index.js": 'module.exports = "base";' } };

/** Registered, and never to be downloaded by a program. */
const OTHER: PublishedPackage = { name: "other", version: "1.0.0", files: { "index.js": 'module.exports = "other";' } };

/** A listener that nobody should ask, and what it was asked all the same. */
function openCanary(): { readonly url: string; readonly hits: string[] } & AsyncDisposable {
  const hits: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    hits.push(request.url);
    return new Response("export default 1", { headers: { "content-type": "text/javascript" } });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    hits,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Everything in a workspace that Deno and npm take configuration from, each with another registry, module or script. */
async function plant({ environment }: PackagesBench, canary: string): Promise<void> {
  const script = "touch planted-ran";
  const files = {
    ".npmrc": `registry=${canary}\n`,
    "deno.json": JSON.stringify({
      imports: { base: `${canary}base.js`, planted: `${canary}planted.js` },
      nodeModulesDir: "auto",
      tasks: { install: script },
    }),
    "deno.lock": "no lock",
    "package.json": JSON.stringify({
      dependencies: { base: `${canary}base.tgz`, planted: "1" },
      scripts: { preinstall: script, install: script, postinstall: script, prepare: script },
    }),
    "node_modules/base/package.json": JSON.stringify({ name: "base", type: "module", main: "index.js" }),
    "node_modules/base/index.js": 'export default "planted base";',
    "node_modules/.deno/base@1.0.0/node_modules/base/index.js": 'module.exports = "planted base";',
    "node_modules/.bin/base": "#!/bin/sh\ntouch planted-ran",
  };
  for (const [path, text] of Object.entries(files)) {
    await environment.files.write(path, new TextEncoder().encode(text));
  }
}

/** Tries each import, and prints what it gave or that it failed. */
function tryImports(specifiers: readonly string[]): string {
  return `for (const specifier of ${JSON.stringify(specifiers)}) {
    const module = await import(specifier).catch(() => ({ default: "refused" }));
    console.log(specifier, module.default);
  }`;
}

if (isPresent("deno", await packagesAvailability())) {
  Deno.test("with packages installed, a program reads no node_modules directory but its own", async () => {
    const outside = await Deno.makeTempDir();
    const package_ = `${outside}/node_modules/secret`;
    await Deno.mkdir(package_, { recursive: true });
    await Deno.writeTextFile(`${package_}/package.json`, '{"main":"index.js","secret":"SECRET"}');
    await Deno.writeTextFile(`${package_}/index.js`, 'module.exports = "SECRET";');
    await Deno.writeTextFile(`${package_}/data.json`, '"SECRET"');
    await Deno.writeTextFile(`${package_}/data.txt`, "SECRET");
    await using bench = await openPackagesBench([BASE]);
    assertExited(await bench.install(["base"]));
    const code = `
      import { createRequire, Module } from "node:module";
      import base from "base";
      const from = ${JSON.stringify(package_)};
      const require = createRequire(import.meta.url);
      const load = (ending, path) => { const module = new Module("x"); Module._extensions[ending](module, path); return module.exports; };
      const up = "../".repeat(32).slice(0, -1);
      const attempts = [
        () => require(from),
        () => require(from + "/data.json"),
        () => createRequire(from + "/x.js")("./data.json"),
        () => createRequire(${JSON.stringify(outside)} + "/x.js")("secret"),
        () => require.resolve(from + "/data.json"),
        () => load(".json", from + "/data.json"),
        () => load(".js", from + "/data.txt"),
        () => load(".json", Deno.cwd() + "/node_modules/" + up + from + "/data.json"),
        () => import("file://" + from + "/index.js"),
        () => import("file://" + from + "/data.json", { with: { type: "json" } }),
        () => import("file://" + from + "/data.txt", { with: { type: "text" } }),
        () => import("npm:" + from),
        () => Deno.readTextFile(from + "/data.txt"),
      ];
      for (const attempt of attempts) {
        try { console.log(JSON.stringify(await attempt())); } catch (error) { console.log("refused"); }
      }
      console.log(base);`;
    const { stdout, stderr } = await bench.run(code);
    assertEquals([stdout, stderr], ["refused\n".repeat(13) + "base\n", ""]);
    await Deno.remove(outside, { recursive: true });
  });

  Deno.test("an installation, and programs after it, take nothing from what a program leaves in the workspace", async () => {
    await using canary = openCanary();
    await using bench = await openPackagesBench([BASE, OTHER]);
    await plant(bench, canary.url);
    assertExited(await bench.install(["base"]));
    await plant(bench, canary.url);
    const code = tryImports(["base", "planted", "npm:base@1", "./node_modules/base/index.js"]);
    const { stdout } = await bench.run(code);
    assertEquals(stdout, "base base\nplanted refused\nnpm:base@1 base\n./node_modules/base/index.js planted base\n");
    assertExited(await bench.install(["other"]));
    assertEquals((await bench.run(tryImports(["other"]))).stdout, "other other\n");
    const { children } = await bench.environment.files.list(".");
    assertEquals(children?.some(({ name }) => name === "planted-ran"), false);
    assertEquals(canary.hits, []);
  });

  Deno.test("with packages installed, a program without the registry reaches no network by an import", async () => {
    await using canary = openCanary();
    for (const allowNet of [false, ["example.com"]]) {
      await using bench = await openPackagesBench([BASE, { ...BASE, version: "2.0.0" }, OTHER], { allowNet });
      assertExited(await bench.install(["base@1"]));
      const before = bench.requests.length;
      const specifiers = ["npm:other", "npm:base@2", "npm:no-such-package", `${canary.url}x.js`, "jsr:@std/assert"];
      const { stdout } = await bench.run(tryImports(["base", ...specifiers]));
      assertEquals(stdout, ["base base", ...specifiers.map((specifier) => `${specifier} refused`), ""].join("\n"));
      assertEquals([bench.requests.slice(before), canary.hits], [[], []]);
    }
  });

  Deno.test("a program that asks for what is not installed takes nothing from those after it", async () => {
    await using bench = await openPackagesBench([BASE, { ...BASE, version: "2.0.0" }]);
    assertExited(await bench.install(["base@1"]));
    assertEquals(
      (await bench.run(tryImports(["npm:base@2", "npm:base@*"]))).stdout.startsWith("npm:base@2 refused"),
      true,
    );
    assertEquals((await bench.run(tryImports(["base", "npm:base@1"]))).stdout, "base base\nnpm:base@1 base\n");
  });

  Deno.test("a program changes neither its packages nor what says which there are", async () => {
    await using bench = await openPackagesBench([BASE]);
    assertExited(await bench.install(["base"]));
    const code = `
      const { createRequire } = await import("node:module");
      const file = createRequire(import.meta.url).resolve("base");
      const cache = file.slice(0, file.indexOf("/npm/"));
      const directory = new URL("..", "file://" + Deno.cwd() + "/").pathname;
      const list = (path) => { try { return [...Deno.readDirSync(path)].map(({ name }) => name); } catch (error) { return error.name; } };
      console.log(list(directory), list(cache + "/.."), list(cache), list(cache + "/npm").length);
      console.log(Deno.readTextFileSync(file));
      const attempts = [() => Deno.writeTextFileSync(file, ""), () => Deno.removeSync(file), () => Deno.renameSync(file, "stolen.js"), () => Deno.symlinkSync("/etc", "node_modules")];
      for (const attempt of attempts) { try { attempt(); console.log("done"); } catch { console.log("refused"); } }`;
    const { stdout } = await bench.run(code);
    assertEquals(stdout, `NotCapable NotCapable NotCapable 1\n${BASE.files["index.js"]}\n${"refused\n".repeat(4)}`);
  });

  Deno.test("an installation runs no script of a package, and asks for nothing outside the registry", async () => {
    await using canary = openCanary();
    const marker = await Deno.makeTempDir();
    const script = `touch ${marker}/ran`;
    const scripts = { preinstall: script, install: script, postinstall: script, prepare: script };
    const outside = { url: `${canary.url}x.tgz`, git: `git+${canary.url}x.git` };
    await using bench = await openPackagesBench([
      {
        ...BASE,
        files: { ...BASE.files, "binding.gyp": "{}" },
        manifest: { scripts, bin: { sh: "../../../../evil" } },
      },
      ...Object.entries(outside).map(([name, dependency]) => ({
        ...OTHER,
        name: `needs-${name}`,
        manifest: { dependencies: { dependency } },
      })),
      { ...OTHER, name: "climbs", files: { "../../../../../../climbed.js": "" } },
    ]);
    assertExited(await bench.install(["base"]));
    for (const name of ["needs-url", "needs-git", "climbs"]) {
      const { exitCode, stderr } = await bench.install([name]);
      assertEquals([name, exitCode], [name, 1]);
      assertStringIncludes(stderr, name);
    }
    assertEquals((await bench.run(tryImports(["base"]))).stdout, "base base\n");
    assertEquals([await Array.fromAsync(Deno.readDir(marker)), canary.hits], [[], []]);
    await Deno.remove(marker);
  });

  Deno.test("what an installation prints names no path of the host, and not the registry", async () => {
    await using bench = await openPackagesBench([BASE]);
    const printed = [await bench.install(["base"]), await bench.install(["no-such-package"])].map(({ stderr }) =>
      stderr
    );
    for (const text of printed) {
      assert(text.length > 0 && !text.includes(bench.scratchDirectory) && !text.includes("127.0.0.1"), text);
    }
  });
}
