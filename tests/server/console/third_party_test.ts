import { assertEquals } from "@std/assert";
import page from "../../../src/server/console/page/deno.json" with { type: "json" };
import { PROJECT } from "../../support/service_process.ts";

interface Lock {
  readonly npm: Readonly<Record<string, { readonly dependencies?: readonly string[] }>>;
}

/** A package of the service's own import map, which the page uses too. */
const SHARED = ["eventsource-parser"];

Deno.test("the notice names every package that may be in the bundle", async () => {
  const lock: Lock = JSON.parse(await Deno.readTextFile(`${PROJECT}deno.lock`));
  const packages = Object.entries(lock.npm);
  const names = new Set<string>();
  const add = (name: string) => {
    if (names.has(name)) return;
    names.add(name);
    for (const [key, { dependencies = [] }] of packages) {
      if (nameOf(key) === name) dependencies.map(nameOf).forEach(add);
    }
  };
  [...SHARED, ...Object.values(page.imports).map((specifier) => nameOf(specifier.replace(/^npm:\/?/, "")))].forEach(
    add,
  );
  const words = (await Deno.readTextFile(`${PROJECT}src/server/console/third_party.txt`)).split(/[\s,]+/);
  assertEquals([...names].filter((name) => !words.includes(name)), []);
});

/** The name in `name`, `name@version` and `@scope/name@range/path`. */
function nameOf(specifier: string): string {
  return /^(@[^/]+\/)?[^/@]+/.exec(specifier)?.[0] ?? specifier;
}
