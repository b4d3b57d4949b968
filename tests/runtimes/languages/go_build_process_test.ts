import { existsSync } from "node:fs";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { isPresent } from "../../support/requirements.ts";
import { GO_PACKAGES, goBuild, prebuildScript } from "../../../src/runtimes/languages/go_build.ts";

const GO = "/usr/bin/go";

/** Runs the compiler's script beside a `go` that prints how it is called. */
async function compile(
  file: string,
  files: Readonly<Record<string, string>>,
  lists: Readonly<Record<string, readonly string[]>> = {},
): Promise<string> {
  const place = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${place}/bin`);
    await Deno.writeTextFile(`${place}/bin/go`, `#!/bin/sh\necho "$GOMAXPROCS $@"\n`, { mode: 0o755 });
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${place}/${name}`, text);
    const { compile, env } = goBuild({
      command: "go",
      directory: `${place}/build`,
      prebuilt: "/nonexistent",
      keepsCache: true,
    });
    const [shell = "", ...args] = compile.flatMap((word) =>
      /^\{(?:sources|compileArgs)\}$/.test(word) ? lists[word] ?? [] : [word === "{file}" ? file : word]
    );
    const { stdout } = await new Deno.Command(shell, {
      args,
      cwd: place,
      env: { ...env, PATH: `${place}/bin:/usr/bin:/bin` },
      stderr: "inherit",
    }).output();
    return new TextDecoder().decode(stdout).trim().replaceAll(place, "");
  } finally {
    await Deno.remove(place, { recursive: true });
  }
}

Deno.test("goBuild() builds the file alone, also one whose name looks like a flag", async () => {
  assertEquals(await compile("main.go", {}), "2 build -ldflags=-s -o {output}/main ./main.go");
  assertEquals(await compile("-a.go", {}), "2 build -ldflags=-s -o {output}/main ./-a.go");
  assertEquals(await compile("my dir/a.go", {}), "2 build -ldflags=-s -o {output}/main ./my dir/a.go");
});

Deno.test("goBuild() builds the package of the file in a module", async () => {
  assertEquals(await compile("main.go", { "go.mod": "module x" }), "2 build -ldflags=-s -o {output}/main .");
  assertEquals(
    await compile("cmd/x/main.go", { "go.mod": "module x" }),
    "2 build -ldflags=-s -o {output}/main ./cmd/x",
  );
});

Deno.test("goBuild() builds the sources beside the file too, without tests, and hands the compiler its arguments", async () => {
  const lists = { "{sources}": ["b.go", "b_test.go", "lib/c.go"], "{compileArgs}": ["-tags", "x"] };
  assertEquals(await compile("main.go", {}, lists), "2 build -ldflags=-s -o {output}/main -tags x b.go ./main.go");
  const module = { "go.mod": "module x" };
  assertEquals(await compile("main.go", module, lists), "2 build -ldflags=-s -o {output}/main -tags x .");
});

Deno.test("prebuildScript() compiles ahead with the variables that the compiler has later", () => {
  const { env } = goBuild({ command: "go", directory: "/build", prebuilt: "/prebuilt", keepsCache: true });
  for (const name of ["CGO_ENABLED", "GOFLAGS", "GOTOOLCHAIN"]) {
    assertStringIncludes(
      prebuildScript({ command: "go", prebuilt: "/prebuilt", packages: ["fmt"], home: "/tmp" }),
      `${name}=${env[name]}`,
    );
  }
});

if (isPresent("native/go", existsSync(GO) ? { available: true } : { available: false, reason: `there is no ${GO}` })) {
  Deno.test("GO_PACKAGES are packages of Go", async () => {
    const home = await Deno.makeTempDir();
    const { code, stderr } = await new Deno.Command(GO, {
      args: ["list", ...GO_PACKAGES],
      cwd: home,
      clearEnv: true,
      env: { HOME: home, PATH: "/usr/bin:/bin" },
    }).output();
    await Deno.remove(home, { recursive: true });
    assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
  });
}
