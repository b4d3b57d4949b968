import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { printTypes, TYPES } from "../../packaging/client/types.ts";
import { PROJECT } from "../support/service_process.ts";

Deno.test("the client's types are those of the service's schemas", async () => {
  const isCurrent = await Deno.readTextFile(TYPES) === await printTypes();
  assert(isCurrent, "client/types.ts is out of date: run deno task client:types");
});

Deno.test("deno publish accepts the client, which needs no file beside its own and one package", async () => {
  const { stderr, stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["publish", "--dry-run", "--no-check", "--allow-dirty"],
    cwd: join(PROJECT, "client"),
    env: { NO_COLOR: "1" },
  }).output();
  const text = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
  assert(success, text);
  const files = [...text.matchAll(/file:\/\/(\S+) \(/g)].map(([, path = ""]) => path);
  assert(files.includes(join(PROJECT, "client/mod.ts")), text);
  assertEquals(files.filter((path) => !path.startsWith(join(PROJECT, "client/"))), []);
  const imported = new Set<string>();
  for (const path of files.filter((path) => path.endsWith(".ts"))) {
    const imports = (await Deno.readTextFile(path)).matchAll(/^(?:import|export)\b.*? from "([^"]+)";$/gms);
    for (const [, specifier = ""] of imports) imported.add(specifier);
  }
  assertEquals([...imported].filter((specifier) => !/^\.\/\w+\.ts$/.test(specifier)), ["eventsource-parser"]);
});
