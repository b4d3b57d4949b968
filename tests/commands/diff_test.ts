import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { TextWorkerPool } from "../../src/commands/mod.ts";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { FakeEnvironment } from "../support/fake_environment.ts";
import { runCommand } from "../support/run_command.ts";
import { ask, type Asked, assertFieldsRefused, assertRefused, LIMITS_GIVEN } from "./ask.ts";

interface DiffResult {
  readonly diff: string;
  readonly addedLines: number;
  readonly removedLines: number;
  readonly identical: boolean;
}

async function askDiff(environment: FakeEnvironment, fields: Asked): Promise<DiffResult> {
  return await ask(environment, { type: "diff", ...fields }) as DiffResult;
}

/** Lines 1 to `count`, each with its end. */
function numbered(count: number): string {
  return Array.from({ length: count }, (_, index) => `${index + 1}\n`).join("");
}

Deno.test("diff tells two files' difference as a unified diff with their names", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "a.txt": "one\ntwo\nthree\n", "d/b.txt": "one\n2\nthree\nfour\n" });
  const result = await askDiff(environment, { originalPath: "/workspace/a.txt", modifiedPath: "d//b.txt" });
  assertEquals(result, {
    diff: "--- a.txt\n+++ d/b.txt\n@@ -1,3 +1,4 @@\n one\n-two\n+2\n three\n+four\n",
    addedLines: 2,
    removedLines: 1,
    identical: false,
  });
});

Deno.test("diff takes given texts in place of files, under the other side's name where it has one", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "a.txt": "x\n" });
  const table = [
    [{ originalContent: "x\n", modifiedContent: "y\n" }, "--- original\n+++ modified\n@@ -1,1 +1,1 @@\n-x\n+y\n"],
    [{ originalPath: "a.txt", modifiedContent: "y\n" }, "--- a.txt\n+++ a.txt\n@@ -1,1 +1,1 @@\n-x\n+y\n"],
    [{ originalContent: "y\n", modifiedPath: "a.txt" }, "--- a.txt\n+++ a.txt\n@@ -1,1 +1,1 @@\n-y\n+x\n"],
    [{ originalContent: "", modifiedPath: "a.txt" }, "--- a.txt\n+++ a.txt\n@@ -0,0 +1,1 @@\n+x\n"],
    [{ originalPath: "a.txt", modifiedContent: "" }, "--- a.txt\n+++ a.txt\n@@ -1,1 +0,0 @@\n-x\n"],
  ] as const;
  for (const [fields, expected] of table) {
    assertEquals([fields, (await askDiff(environment, fields)).diff], [fields, expected]);
  }
});

Deno.test("diff of what is the same is empty and says so", async () => {
  await using environment = await FakeEnvironment.create();
  for (const text of ["", "x", "x\r\ny\n"]) {
    assertEquals(await askDiff(environment, { originalContent: text, modifiedContent: text }), {
      diff: "",
      addedLines: 0,
      removedLines: 0,
      identical: true,
    });
  }
});

Deno.test("diff tells ends of lines and a missing one at the end of a text apart", async () => {
  await using environment = await FakeEnvironment.create();
  const ends = await askDiff(environment, { originalContent: "x\r\n", modifiedContent: "x\n" });
  assertEquals(ends.diff, "--- original\n+++ modified\n@@ -1,1 +1,1 @@\n-x\r\n+x\n");
  const last = await askDiff(environment, { originalContent: "x\n", modifiedContent: "x" });
  assertStringIncludes(last.diff, "-x\n+x\n\\ No newline at end of file\n");
  assertEquals([last.addedLines, last.removedLines, last.identical], [1, 1, false]);
});

Deno.test("diff shows contextLines of context, 3 when it is told none", async () => {
  await using environment = await FakeEnvironment.create();
  const fields = { originalContent: numbered(20), modifiedContent: numbered(20).replace("10\n", "ten\n") };
  for (const [given, lines] of [[{}, 3], [{ contextLines: 0 }, 0], [{ contextLines: 5 }, 5]] as const) {
    const { diff } = await askDiff(environment, { ...fields, ...given });
    assertEquals(diff.split("\n").filter((line) => line.startsWith(" ")).length, 2 * lines);
  }
  const all = await askDiff(environment, { ...fields, contextLines: Number.MAX_SAFE_INTEGER });
  assertEquals(all.diff.split("\n").filter((line) => line.startsWith(" ")).length, 19);
});

Deno.test("diff takes the snake_case names of its fields", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ a: "1\n", b: "2\n" });
  const byPath = await askDiff(environment, { original_path: "a", modified_path: "b", context_lines: 0 });
  assertEquals(byPath, await askDiff(environment, { originalPath: "a", modifiedPath: "b", contextLines: 0 }));
  const byContent = await askDiff(environment, { original_content: "1\n", modified_content: "2\n" });
  assertEquals(byContent.addedLines, 1);
});

Deno.test("diff wants exactly one of path and content on each side", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ a: "1\n" });
  await assertFieldsRefused(environment, {
    base: { type: "diff" },
    table: [
      [{}, "originalPath"],
      [{ originalPath: "a" }, "modifiedPath"],
      [{ modifiedContent: "" }, "originalPath"],
      [{ originalPath: "a", originalContent: "", modifiedPath: "a" }, "originalPath"],
      [{ originalContent: "", modifiedPath: "a", modifiedContent: "" }, "modifiedPath"],
      [{ originalPath: "", modifiedPath: "a" }, "originalPath"],
      [{ originalPath: "a", modifiedPath: "a", contextLines: -1 }, "contextLines"],
      [{ originalPath: "a", modifiedPath: "a", contextLines: 0.5 }, "contextLines"],
      [{ originalPath: "a", modifiedPath: "a", patch: "" }, "patch"],
    ],
  });
});

Deno.test("diff reads no file that is missing, outside, a directory, too large or not UTF-8", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "d/file": "" });
  await Deno.writeFile(environment.hostPath("latin1"), new Uint8Array([0x66, 0xfc, 0x72]));
  await Deno.writeFile(environment.hostPath("half"), new Uint8Array([0x78, 0xe2, 0x82]));
  await Deno.writeFile(environment.hostPath("large"), new Uint8Array(16_777_217).fill(0x78));
  await Deno.symlink("/etc/passwd", environment.hostPath("escape"));
  const table = [
    ["nope", "not_found"],
    ["d", "invalid_request"],
    ["latin1", "invalid_request"],
    ["half", "invalid_request"],
    ["large", "too_large"],
    ["../x", "permission_denied"],
    ["/etc/passwd", "permission_denied"],
    ["escape", "permission_denied"],
  ] as const;
  for (const [path, code] of table) {
    await assertRefused(environment, { command: { type: "diff", originalPath: path, modifiedContent: "" }, code });
    await assertRefused(environment, { command: { type: "diff", originalContent: "", modifiedPath: path }, code });
  }
});

Deno.test("diff refuses texts of too many lines, and compares large ones that differ little", async () => {
  await using environment = await FakeEnvironment.create();
  const lines = (prefix: string, count: number) =>
    Array.from({ length: count }, (_, index) => `${prefix}${index}\n`).join("");
  const long = { type: "diff", originalContent: "\n".repeat(200_001), modifiedContent: "x" };
  await assertRefused(environment, { command: long, code: "too_large" });
  const same = lines("a", 150_000);
  const { addedLines } = await askDiff(environment, { originalContent: same, modifiedContent: `${same}more\n` });
  assertEquals(addedLines, 1);
});

Deno.test("diff makes what apply_patch takes: the modified text, from the original, whatever they are", async () => {
  await using environment = await FakeEnvironment.create();
  let seed = 1;
  const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  const text = () => {
    const end = ["\n", "\r\n"][random(2)] ?? "";
    const body = Array.from({ length: random(12) }, () => ["", "a", "b", "-x", "+y", " z", "\\ no"][random(7)]);
    return body.join(end) + (random(2) === 0 ? "" : end);
  };
  let differences = 0;
  for (let round = 0; round < 100; round++) {
    const [original, modified] = [text(), text()];
    await environment.fill({ "f.txt": original });
    const { diff, identical } = await askDiff(environment, {
      originalPath: "f.txt",
      modifiedContent: modified,
      contextLines: random(4),
    });
    if (identical) continue;
    differences++;
    await ask(environment, { type: "apply_patch", patch: diff });
    assertEquals([original, diff, await Deno.readTextFile(environment.hostPath("f.txt"))], [original, diff, modified]);
  }
  assert(differences > 60);
});

/** Two texts of short lines that differ in too many of them: their comparison ends at its bound and takes seconds. */
function farApart(): Asked {
  let seed = 2;
  const line = () => (seed = (seed * 48_271) % 2_147_483_647) % 2 === 0 ? "a\n" : "b\n";
  const text = () => Array.from({ length: 20_000 }, line).join("");
  return { type: "diff", originalContent: text(), modifiedContent: text() };
}

Deno.test("diff refuses texts whose comparison takes too long, and neither it nor apply_patch blocks the event loop", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "f.txt": "x\n".repeat(100_000) });
  const hunk = (at: number) => `@@ -${at},2 +${at},2 @@\n x\n-y\n+z\n`;
  const patch = `--- f.txt\n+++ f.txt\n${Array.from({ length: 50_000 }, (_, index) => hunk(3 * index + 1)).join("")}`;
  const beganAt = performance.now();
  let [last, longest] = [beganAt, 0];
  const ticking = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  await assertRefused(environment, { command: farApart(), code: "too_large" });
  const patched = await ask(environment, { type: "apply_patch", patch }).catch((error: unknown) => error);
  clearInterval(ticking);
  const totalMs = performance.now() - beganAt;
  assert(!(patched instanceof CodeBeakerError) || patched.code === "too_large");
  // A busy machine delays everything alike: the longest pause is compared with the whole.
  assert(longest < Math.max(150, totalMs / 8), `The event loop was blocked for ${longest} of ${totalMs} ms`);
});

Deno.test("diff is busy for those of a session for whom there is no room to wait, and serves another meanwhile", async () => {
  await using environment = await FakeEnvironment.create();
  const signal = AbortSignal.timeout(2_000);
  const command = farApart();
  const context = { limits: LIMITS_GIVEN, texts: new TextWorkerPool() };
  const codes = Promise.all(
    Array.from(
      { length: 30 },
      () => runCommand(environment, command, { ...context, signal }).then(() => "done", codeOf),
    ),
  );
  const small = { type: "diff", originalContent: "a\n", modifiedContent: "b\n" };
  const other = {
    ...environment,
    id: "env_other",
    mainFile: () => "",
    run: () => Promise.reject(new Error("not expected")),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const answer = await runCommand(other, small, context) as DiffResult;
  assertEquals([answer.addedLines, signal.aborted], [1, false]);
  const taken = (await codes).filter((code) => code !== "busy");
  assertEquals([taken.length, taken.every((code) => code === "too_large" || code === "TimeoutError")], [9, true]);
});

function codeOf(error: unknown): string {
  if (error instanceof CodeBeakerError) return error.code;
  return error instanceof DOMException ? error.name : String(error);
}
