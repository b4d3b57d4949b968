import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type CollectOptions, collectOutputs } from "../../src/commands/collect_outputs.ts";
import { CodeBeakerError } from "../../src/core/errors.ts";
import type { OutputFiles } from "../../src/core/output_files.ts";
import type { WorkspaceFiles } from "../../src/runtimes/port.ts";
import { FakeEnvironment } from "../support/fake_environment.ts";

const MIB = 1_048_576;

/** Collects from a workspace that a test fills. */
async function collect(
  globs: readonly string[],
  fill: (environment: FakeEnvironment) => Promise<unknown>,
  options: CollectOptions & { readonly parts?: Partial<WorkspaceFiles> } = {},
): Promise<OutputFiles> {
  await using environment = await FakeEnvironment.create();
  await fill(environment);
  const { files } = environment;
  const { parts = {}, ...collecting } = options;
  const readable: Pick<WorkspaceFiles, "readFiles" | "visit"> = {
    readFiles: (paths, how) => files.readFiles(paths, how),
    visit: (path, how) => files.visit(path, how),
    ...parts,
  };
  return await collectOutputs(readable, globs, collecting);
}

function pathsOf({ outputFiles = [] }: OutputFiles): string[] {
  return outputFiles.map(({ path }) => path);
}

async function makeFiles(environment: FakeEnvironment, sizes: Readonly<Record<string, number>>): Promise<void> {
  for (const [name, bytes] of Object.entries(sizes)) {
    await Deno.writeFile(environment.hostPath(name), new Uint8Array(bytes).fill(97));
  }
}

Deno.test("collectOutputs() returns the files that match, as text where they are text", async () => {
  const collected = await collect(["out/*", "a.txt"], async (environment) => {
    await environment.fill({
      "a.txt": "\ufeffä",
      "b.txt": "not asked for",
      "out/empty": "",
      "out/deep/c": "not asked for",
    });
    await Deno.writeFile(environment.hostPath("out/nul"), new Uint8Array([97, 0]));
    await Deno.writeFile(environment.hostPath("out/png"), new Uint8Array([0x89, 0x50]));
  });
  assertEquals(collected, {
    outputFiles: [
      { path: "out/empty", content: "", encoding: "utf8", bytes: 0 },
      { path: "out/nul", content: "YQA=", encoding: "base64", bytes: 2 },
      { path: "out/png", content: "iVA=", encoding: "base64", bytes: 2 },
      { path: "a.txt", content: "\ufeffä", encoding: "utf8", bytes: 5 },
    ],
  });
});

Deno.test("collectOutputs() returns no files for globs that match none, and nothing without globs", async () => {
  const fill = (environment: FakeEnvironment) => environment.fill({ "a.txt": "", "d/b.txt": "" });
  assertEquals(await collect(["missing/*", "missing/deep/x"], fill), { outputFiles: [] });
  assertEquals(await collect(["a.txt/*"], fill), { outputFiles: [] });
  assertEquals(await collect(["d"], fill), { outputFiles: [] });
  assertEquals(await collect([], fill), {});
});

Deno.test("collectOutputs() returns 64 files, and counts and names the others", async () => {
  const names = Array.from({ length: 200 }, (_, index) => String(index).padStart(3, "0"));
  const collected = await collect(
    ["*"],
    (environment) => makeFiles(environment, Object.fromEntries(names.map((name) => [name, 1]))),
  );
  assertEquals(pathsOf(collected), names.slice(0, 64));
  assertEquals(collected.outputFilesOmitted, { count: 136, paths: names.slice(64, 128) });
});

Deno.test("collectOutputs() omits what is larger than 4 MiB, or than the room in 16 MiB", async () => {
  const sizes = { a: 4 * MIB + 1, b: 4 * MIB, c: 4 * MIB, d: 4 * MIB, e: 4 * MIB - 1, f: 2, g: 1 };
  const collected = await collect(["*"], (environment) => makeFiles(environment, sizes));
  assertEquals([pathsOf(collected), collected.outputFilesOmitted], [["b", "c", "d", "e", "g"], {
    count: 2,
    paths: ["a", "f"],
  }]);
});

Deno.test("collectOutputs() follows symlinks to files inside, and none that leads out", async () => {
  const collected = await collect(["*"], async (environment) => {
    await environment.fill({ "d/a.txt": "inside" });
    for (
      const [name, target] of [["in", "d/a.txt"], ["out", "/etc/passwd"], ["tree", "d"], ["gone", "missing"]] as const
    ) {
      await Deno.symlink(target, environment.hostPath(name));
    }
  });
  assertEquals(collected.outputFiles, [{ path: "in", content: "inside", encoding: "utf8", bytes: 6 }]);
  const { count, error = "", paths } = collected.outputFilesOmitted ?? { count: 0, paths: [] };
  assertEquals([count, paths], [2, ["gone", "out"]]);
  assertStringIncludes(error, '"gone"');
  const base = await collect(["out/*"], (environment) => Deno.symlink("/etc", environment.hostPath("out")));
  assertEquals([base.outputFiles, base.outputFilesOmitted?.count], [[], 0]);
  assertStringIncludes(base.outputFilesOmitted?.error ?? "", "leads out");
});

Deno.test("collectOutputs() takes files as they are when they are read, whatever was listed", async () => {
  const collected = await collect(["*"], () => Promise.resolve(), {
    parts: {
      visit(_path, { onEntry }) {
        for (const path of ["grows", "shrinks", "vanishes"]) onEntry({ path, type: "file", size: 9 });
        return Promise.resolve();
      },
      readFiles(paths, { onFile }) {
        assertEquals(paths, ["grows", "shrinks", "vanishes"]);
        onFile({ path: "grows", error: new CodeBeakerError("too_large", "It is too large") });
        onFile({ path: "shrinks", bytes: new Uint8Array(3).fill(97) });
        onFile({ path: "vanishes", error: new CodeBeakerError("not_found", "Cannot find vanishes") });
        return Promise.resolve();
      },
    },
  });
  assertEquals(collected, {
    outputFiles: [{ path: "shrinks", content: "aaa", encoding: "utf8", bytes: 3 }],
    outputFilesOmitted: { count: 2, paths: ["grows", "vanishes"], error: "Cannot find vanishes" },
  });
});

Deno.test("collectOutputs() asks for what is listed only as far as it fits, and for others in the place of what is no file", async () => {
  const asked: (readonly string[])[] = [];
  const names = Array.from({ length: 70 }, (_, index) => `f${index + 10}`);
  const collected = await collect(["*"], () => Promise.resolve(), {
    parts: {
      visit(_path, { onEntry }) {
        for (const path of ["a", "b", "c", "d", "e"]) {
          onEntry({ path, type: "file", size: 4 * MIB - (path === "d" ? 64 : 0) });
        }
        for (const path of names) {
          onEntry({ path, type: path === "f10" ? "symlink" : "file", ...(path === "f10" ? {} : { size: 1 }) });
        }
        return Promise.resolve();
      },
      readFiles(paths, { onFile }) {
        asked.push(paths);
        for (const path of paths) {
          onFile(
            path === "f10" ? { path, error: new CodeBeakerError("invalid_request", "A directory") } : {
              path,
              bytes: new Uint8Array(path < "d" ? 4 * MIB : path === "d" ? 4 * MIB - 64 : 1),
            },
          );
        }
        return Promise.resolve();
      },
    },
  });
  assertEquals(asked, [["a", "b", "c", "d", ...names.slice(0, 60)], names.slice(60, 61)]);
  assertEquals([collected.outputFiles?.length, collected.outputFilesOmitted?.count], [64, 10]);
  assertEquals(collected.outputFilesOmitted?.paths, ["e", ...names.slice(61)]);
});

Deno.test("collectOutputs() takes the memory of what it returns, and omits what there is none for", async () => {
  let leftBytes = 100;
  const memory = {
    growBy(bytes: number) {
      if (bytes > leftBytes) throw new CodeBeakerError("busy", "Cannot take more memory");
      leftBytes -= bytes;
    },
  };
  const sizes = { a: 10, b: 60, c: 10 };
  const collected = await collect(["*"], (environment) => makeFiles(environment, sizes), { memory });
  assertEquals([pathsOf(collected), collected.outputFilesOmitted], [["a", "c"], {
    count: 1,
    paths: ["b"],
    error: "Cannot take more memory",
  }]);
  assertEquals(leftBytes, 100 - 2 * (2 * 10 + 10)); // The text of each, and its JSON.
});

Deno.test("collectOutputs() keeps what it has when the workspace is lost, or time is up", async () => {
  const lost = await collect(["*"], () => Promise.resolve(), {
    parts: { visit: () => Promise.reject(new CodeBeakerError("runtime_unavailable", "The container has ended")) },
  });
  assertEquals(lost, {
    outputFiles: [],
    outputFilesOmitted: { count: 0, paths: [], error: "The container has ended" },
  });
  const late = await collect(["*"], () => Promise.resolve(), {
    maxMs: 50,
    parts: {
      visit(_path, { onEntry }) {
        for (const path of ["a", "b"]) onEntry({ path, type: "file", size: 1 });
        return Promise.resolve();
      },
      readFiles: () => new Promise(() => {}),
    },
  });
  assertEquals([late.outputFiles, late.outputFilesOmitted?.count], [[], 2]);
  assertMatch(late.outputFilesOmitted?.error ?? "", /within 50 ms$/);
});
