import { assertEquals, assertRejects } from "@std/assert";
import { CodeBeakerError } from "../../../../src/core/errors.ts";
import { isPrebuilt, prebuild, type PrebuiltRequest } from "../../../../src/runtimes/process/compiling/prebuilt.ts";

/** A service's place, and a script of a spec in it that says how often it has run. */
async function open(script = (directory: string) => `mkdir ${directory}; echo made >${directory}/file`) {
  const place = await Deno.makeTempDir();
  const runs = `${place}/runs`;
  await Deno.writeTextFile(`${place}/binary`, "1");
  const binary: PrebuiltRequest["spec"]["binary"] = {
    find: () => `${place}/binary`,
    remedy: "",
    probe: { language: "", code: "", whyNot: () => undefined },
  };
  return {
    place,
    request: {
      home: `${place}/home`,
      spec: {
        binary,
        subject: "some",
        prebuilt: { script: (directory: string) => `echo run >>${runs}; ${script(directory)}` },
      },
    },
    count: async () => (await Deno.readTextFile(runs)).split("\n").length - 1,
    async make(name: string, signal = new AbortController().signal) {
      const modulesDirectory = `${place}/${name}`;
      await Deno.mkdir(modulesDirectory, { recursive: true });
      await prebuild(this.request, { modulesDirectory, signal });
      return await Deno.readTextFile(`${modulesDirectory}/prebuilt/file`);
    },
    [Symbol.asyncDispose]: () => Deno.remove(place, { recursive: true }),
  };
}

Deno.test("prebuild() makes it once for a home and a binary, and anew for another binary", async () => {
  await using some = await open();
  assertEquals(isPrebuilt(some.request), false);
  assertEquals(await some.make("first"), "made\n");
  assertEquals(isPrebuilt(some.request), true);
  assertEquals(await some.make("first"), "made\n");
  assertEquals(await some.make("second"), "made\n");
  assertEquals(await some.count(), 1);

  await Deno.writeTextFile(`${some.place}/binary`, "another");
  assertEquals(isPrebuilt(some.request), false);
  assertEquals(await some.make("third"), "made\n");
  assertEquals(await some.count(), 2);
  assertEquals((await Array.fromAsync(Deno.readDir(`${some.place}/home/prebuilt`))).length, 1);
});

Deno.test("prebuild() takes nothing from another process that keeps the same, and keeps one where both make it", async () => {
  await using some = await open();
  const place = `${some.place}/home/prebuilt`;
  const names = async () => (await Array.fromAsync(Deno.readDir(place))).map(({ name }) => name).toSorted();
  await some.make("first");
  const [kept = ""] = await names();
  await Deno.rename(`${place}/${kept}`, `${place}/${kept}.unfinished`);
  const made = ["second", "third", "fourth"].map((name) => some.make(name));
  assertEquals(await Promise.all(made), ["made\n", "made\n", "made\n"]);
  assertEquals(await names(), [kept, `${kept}.unfinished`]);
});

Deno.test("prebuild() leaves nothing that counts as made when its script fails", async () => {
  await using some = await open((directory) => `mkdir ${directory}; echo broken tools >&2; false`);
  await assertRejects(() => some.make("first"), CodeBeakerError, "broken tools");
  await assertRejects(() => some.make("first"), CodeBeakerError, "broken tools");
  assertEquals(isPrebuilt(some.request), false);
  assertEquals((await Array.fromAsync(Deno.readDir(`${some.place}/first`))).map(({ name }) => name), [
    "prebuilt.fresh",
  ]);
});

Deno.test("prebuild() ends its script when it is aborted", async () => {
  await using some = await open(() => "sleep 1000");
  const ending = new AbortController();
  const made = some.make("first", ending.signal);
  ending.abort(new Error("enough"));
  await assertRejects(() => made, Error, "enough");
});
