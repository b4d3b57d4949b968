import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { goBuild } from "../../../src/runtimes/languages/go_build.ts";
import { openRuntimeHost } from "../../support/runtime_host.ts";
import { type Native, openNative, TESTS_HOME } from "./open_native.ts";

// Compiled packages are kept for every later program: no program may change what others are linked with.

/** Changes a text in every compiled package that it finds, for another of its length, and leaves a module. */
const POISON = `package main

import (
	"bytes"
	"fmt"
	"os"
)

func poison(path string) {
	if entries, err := os.ReadDir(path); err == nil {
		for _, entry := range entries {
			poison(path + "/" + entry.Name())
		}
		return
	}
	text, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(text, []byte("invalid syntax")) {
		return
	}
	planted := bytes.ReplaceAll(text, []byte("invalid syntax"), []byte("planted syntax"))
	os.Chmod(path, 0o644)
	if os.WriteFile(path, planted, 0o644) == nil {
		fmt.Println("planted")
	} else if os.WriteFile(path+".new", planted, 0o644) == nil && os.Rename(path+".new", path) == nil {
		fmt.Println("planted by a name")
	}
}

func main() {
	for _, root := range append(os.Args[1:], os.Getenv("GOCACHE"), "/codebeaker") {
		poison(root)
	}
	module := os.Getenv("HOME") + "/go/pkg/mod/example.com/planted@v1.0.0"
	fmt.Println("left a module:", os.MkdirAll(module, 0o755) == nil)
}
`;

/** Prints the text of a compiled package, and what its compiler and other programs left in its home. */
const HONEST = `package main

import (
	"fmt"
	"os"
	"strconv"
)

func main() {
	_, err := strconv.Atoi("x")
	fmt.Println(err)
	entries, _ := os.ReadDir(os.Getenv("HOME"))
	for _, entry := range entries {
		fmt.Println(entry.Name())
	}
}
`;

/** Imports a package of Go that is not compiled ahead. */
const RARE = `package main

import (
	"fmt"
	"index/suffixarray"
)

func main() { fmt.Println(len(suffixarray.New([]byte("banana")).Lookup([]byte("an"), -1))) }
`;

/** Compiles and runs a program with nothing around it, with packages that are kept in a directory. */
async function runBare(code: string, prebuilt: string): Promise<string> {
  const place = await Deno.makeTempDir();
  try {
    const file = join(place, "main.go");
    await Deno.writeTextFile(file, code);
    const { compile, env } = goBuild({ command: "/usr/bin/go", directory: place, prebuilt, keepsCache: false });
    const words = compile.filter((word) => word !== "{compileArgs}" && word !== "{sources}")
      .map((word) => word.replace("{file}", file).replace("{output}", place));
    const variables = { ...env, PATH: "/usr/bin:/bin", HOME: place };
    let output = "";
    for (const [command = "", ...args] of [words, [join(place, "main")]]) {
      const ran = await new Deno.Command(command, { args, cwd: place, clearEnv: true, env: variables }).output();
      output = new TextDecoder().decode(ran.stdout) + new TextDecoder().decode(ran.stderr);
    }
    return output;
  } finally {
    await Deno.remove(place, { recursive: true });
  }
}

async function isHeld(native: Native): Promise<void> {
  const attack = await native.run("go", { code: POISON, args: [TESTS_HOME] });
  assertEquals([attack.stdout, attack.compile?.stderr], ["left a module: true\n", ""]);
  const honest = await native.run("go", { code: HONEST });
  assertEquals(honest.stdout, 'strconv.Atoi: parsing "x": invalid syntax\nmain.go\n');
}

async function compilesRare(native: Native): Promise<void> {
  const { compile, stdout } = await native.run("go", { code: RARE });
  assertEquals([stdout, compile?.stderr], ["2\n", ""]);
}

const native = await openNative();
Deno.test.afterAll(async () => await native[Symbol.asyncDispose]());

if (await native.isPresent("go")) {
  Deno.test("[native] go: where nothing holds it, a program changes what later programs are linked with", async () => {
    const kept = [...Deno.readDirSync(join(TESTS_HOME, "prebuilt"))].filter(({ name }) =>
      name.startsWith("native_go-")
    );
    assert(kept[0] !== undefined, "Its packages are kept");
    const copy = await Deno.makeTempDir();
    try {
      const prebuilt = join(copy, "prebuilt");
      await new Deno.Command("cp", { args: ["-a", join(TESTS_HOME, "prebuilt", kept[0].name), prebuilt] }).output();
      assertStringIncludes(await runBare(POISON, prebuilt), "planted\n");
      assertStringIncludes(await runBare(HONEST, prebuilt), "planted syntax");
    } finally {
      await Deno.remove(copy, { recursive: true });
    }
  });

  Deno.test("[native] go: a program changes nothing that later programs are linked with", async () => {
    await isHeld(native);
  });

  Deno.test("[native] go: a package that is not compiled ahead is compiled with the program", async () => {
    await compilesRare(native);
  });

  const host = await openRuntimeHost({ without: ["namespaces", "cgroup", "tmpfs"] });
  Deno.test.afterAll(async () => await host[Symbol.asyncDispose]());
  Deno.test({
    name: "[native] go: nor does it under Landlock alone",
    ignore: !host.confinement.layers.includes("landlock"),
    fn: async () => {
      await using native = await openNative({ confinement: host.confinement });
      assertEquals(await native.availability("go"), { available: true });
      await isHeld(native);
      await compilesRare(native);
    },
  });
}
