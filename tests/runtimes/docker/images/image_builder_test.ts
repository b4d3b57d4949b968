import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CodeBeakerError } from "../../../../src/core/errors.ts";
import {
  buildImages,
  type ImageBuildOptions,
  type ImageReport,
  type ImageStore,
} from "../../../../src/runtimes/docker/images/image_builder.ts";
import { RECIPES, tagsOf } from "../../../../src/runtimes/docker/images/image_recipes.ts";
import type { ToolRequest } from "../../../../src/process/run_tool.ts";

const FACTS = { denoVersion: Deno.version.deno, architecture: Deno.build.arch };

class FakeStore implements ImageStore {
  readonly imported: { tag: string; changes: readonly string[]; text: string }[] = [];
  readonly tagged: string[] = [];
  readonly tags: Set<string>;

  constructor(tags: readonly string[] = []) {
    this.tags = new Set(tags);
  }

  has(tag: string): Promise<boolean> {
    return Promise.resolve(this.tags.has(tag));
  }

  async import(tar: ReadableStream<Uint8Array>, options: { tag: string; changes: readonly string[] }) {
    this.imported.push({ ...options, text: await new Response(tar.pipeThrough(new TransformStream())).text() });
    this.tags.add(options.tag);
  }

  tag(tag: string, as: string): Promise<void> {
    this.tagged.push(`${tag} ${as}`);
    this.tags.add(as);
    return Promise.resolve();
  }
}

/** Writes a root file system of a few bytes to where the last argument says. */
async function writeTar({ argv }: ToolRequest): Promise<void> {
  await Deno.writeTextFile(argv.at(-1) ?? "", "a root file system");
}

interface Build {
  readonly store: FakeStore;
  readonly reports: ImageReport[];
  readonly requests: ToolRequest[];
  readonly failure: unknown;
}

/** Builds into a fake store; nothing may be left behind, whatever happens. */
async function build(store: FakeStore, options: Partial<ImageBuildOptions>): Promise<Build> {
  const directory = await Deno.makeTempDir();
  const reports: ImageReport[] = [];
  const requests: ToolRequest[] = [];
  let failure: unknown;
  await buildImages(store, {
    environments: [],
    force: false,
    directory,
    report: (report) => void reports.push(report),
    ...options,
    runTool: (request) => {
      requests.push(request);
      return (options.runTool ?? writeTar)(request);
    },
  }).catch((error: unknown) => failure = error);
  assertEquals(await Array.fromAsync(Deno.readDir(directory)), []);
  await Deno.remove(directory);
  return { store, reports, requests, failure };
}

async function tagsFor(environment: string): Promise<[string, ...string[]]> {
  const recipe = RECIPES.find(({ environments }) => environments.includes(environment));
  if (recipe === undefined) throw new Error(`no recipe for ${environment}`);
  return await tagsOf(recipe, FACTS);
}

Deno.test("buildImages() imports what the tool made, with its changes", async () => {
  const [tag] = await tagsFor("python");
  const { store, reports, requests, failure } = await build(new FakeStore(), { environments: ["python"] });
  assertEquals(failure, undefined);
  assertEquals(
    requests.map(({ argv }) => [argv[0], argv.includes("--include=python3,python3-pip-whl,ca-certificates")]),
    [
      ["mmdebstrap", true],
    ],
  );
  assertEquals(store.imported.map(({ tag, text }) => [tag, text]), [[tag, "a root file system"]]);
  assertEquals(store.imported[0]?.changes.at(-1), 'CMD ["python3"]');
  assertEquals(reports, [{ kind: "building", tag }, { kind: "built", tag, bytes: 18 }]);
});

Deno.test("buildImages() builds what two environments share once", async () => {
  const [first, second] = await tagsFor("javascript");
  const { store, reports, requests } = await build(new FakeStore(), { environments: ["javascript", "typescript"] });
  assertEquals([requests.length, store.imported.length], [1, 1]);
  assertEquals(store.tagged, [`${first} ${second}`]);
  assertEquals(reports.map(({ kind, tag }) => [kind, tag]), [["building", first], ["built", first], ["built", second]]);
});

Deno.test("buildImages() builds nothing that is there, and gives it the tag that is missing", async () => {
  const [first, second = ""] = await tagsFor("typescript");
  for (const tags of [[first, second], [second]]) {
    const { store, reports, requests } = await build(new FakeStore(tags), { environments: ["typescript"] });
    assertEquals([requests, store.imported], [[], []]);
    assertEquals(store.tagged, tags.includes(first) ? [] : [`${second} ${first}`]);
    assertEquals(reports.map(({ kind }) => kind), ["present", "present"]);
  }
});

Deno.test("buildImages() builds what is there when it is forced to", async () => {
  const tags = await tagsFor("typescript");
  const { store, reports } = await build(new FakeStore(tags), { environments: ["typescript"], force: true });
  assertEquals([store.imported.length, store.tagged.length], [1, 1]);
  assertEquals(reports.map(({ kind }) => kind), ["building", "built", "built"]);
});

Deno.test("buildImages() builds every image by default, two at a time", async () => {
  let running = 0;
  let most = 0;
  const both = Promise.withResolvers<void>();
  const { store, failure } = await build(new FakeStore(), {
    runTool: async (request) => {
      most = Math.max(most, ++running);
      if (running === 2) both.resolve();
      await both.promise;
      await writeTar(request);
      running--;
    },
  });
  assertEquals(failure, undefined);
  assertEquals([store.imported.length, store.tags.size, most], [5, 7, 2]);
});

Deno.test("buildImages() makes the other images when one cannot be made, and says which", async () => {
  const [tag] = await tagsFor("node");
  const { store, failure } = await build(new FakeStore(), {
    runTool: (request) =>
      request.argv.some((arg) => arg.includes("nodejs"))
        ? Promise.reject(new CodeBeakerError("runtime_unavailable", "mmdebstrap failed (exit code 1): E: no mirror"))
        : writeTar(request),
  });
  assertEquals(store.imported.length, 4);
  assertStringIncludes(String(failure), `Cannot build ${tag}: mmdebstrap failed (exit code 1): E: no mirror`);
});

Deno.test("buildImages() says what to install where mmdebstrap is missing", async () => {
  const { failure } = await build(new FakeStore(), {
    environments: ["bash"],
    runTool: () =>
      Promise.reject(new CodeBeakerError("runtime_unavailable", "x", { cause: new Deno.errors.NotFound("y") })),
  });
  assertStringIncludes(String(failure), "apt-get install mmdebstrap");
});

Deno.test("buildImages() passes on what the store says", async () => {
  const store = new FakeStore();
  store.import = async (tar) => {
    await tar.cancel();
    throw new CodeBeakerError("runtime_unavailable", "The Docker Engine cannot import");
  };
  const { failure } = await build(store, { environments: ["bash"] });
  assertStringIncludes(String(failure), "The Docker Engine cannot import");
});

Deno.test("buildImages() stops when it is aborted", async () => {
  const interrupt = new AbortController();
  const { store, requests, failure } = await build(new FakeStore(), {
    signal: interrupt.signal,
    runTool: () => {
      interrupt.abort("SIGINT");
      return Promise.reject(interrupt.signal.reason);
    },
  });
  assertEquals([failure, store.imported], ["SIGINT", []]);
  assertEquals(requests.length <= 2, true);
});

Deno.test("buildImages() refuses an environment that no image can be made for before it builds any", async () => {
  const options = { environments: ["bash", "csharp"], force: false, directory: "/nonexistent", report: () => {} };
  await assertRejects(() => buildImages(new FakeStore(), options), CodeBeakerError, ".NET");
});
