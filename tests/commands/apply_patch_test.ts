import { assertEquals, assertStringIncludes } from "@std/assert";
import { findCommand } from "../../src/commands/mod.ts";
import { FakeEnvironment } from "../support/fake_environment.ts";
import { ask, type Asked, assertFieldsRefused, assertRefused, LIMITS_GIVEN } from "./ask.ts";

interface PatchResult {
  readonly filesPatched: number;
  readonly hunksApplied: number;
  readonly hunksFailed: number;
  readonly errors: readonly string[];
}

async function patchWith(environment: FakeEnvironment, patch: string, fields: Asked = {}): Promise<PatchResult> {
  return await ask(environment, { type: "apply_patch", patch, ...fields }) as PatchResult;
}

async function readAll(environment: FakeEnvironment): Promise<Record<string, string>> {
  const files = (await environment.paths()).filter((path) => !path.endsWith("/"));
  return Object.fromEntries(
    await Promise.all(files.map(async (path) => [path, await Deno.readTextFile(environment.hostPath(path))] as const)),
  );
}

function done(filesPatched: number, hunksApplied: number): PatchResult {
  return { filesPatched, hunksApplied, hunksFailed: 0, errors: [] };
}

/** As `git diff` makes it: a change, a new file, a deleted one, a renamed one and an empty new one. */
const GIT_PATCH = `diff --git a/changed.txt b/changed.txt
index 1c59427..f5ef2be 100644
--- a/changed.txt
+++ b/changed.txt
@@ -1,3 +1,3 @@
 one
-two
+2
 three
diff --git a/empty b/empty
new file mode 100644
index 0000000..e69de29
diff --git a/gone.txt b/gone.txt
deleted file mode 100644
index 587be6b..0000000
--- a/gone.txt
+++ /dev/null
@@ -1 +0,0 @@
-x
diff --git a/new/file.txt b/new/file.txt
new file mode 100644
index 0000000..3e75765
--- /dev/null
+++ b/new/file.txt
@@ -0,0 +1 @@
+new
diff --git a/old name.txt b/moved/new name.txt
similarity index 60%
rename from old name.txt
rename to moved/new name.txt
index 8a1218a..8fb1e2a 100644
--- a/old name.txt
+++ b/moved/new name.txt
@@ -1,3 +1,3 @@
 1
 2
-3
+three
`;

const GIT_BEFORE = { "changed.txt": "one\ntwo\nthree\n", "gone.txt": "x\n", "old name.txt": "1\n2\n3\n" };

const GIT_AFTER = {
  "changed.txt": "one\n2\nthree\n",
  "empty": "",
  "moved/new name.txt": "1\n2\nthree\n",
  "new/file.txt": "new\n",
};

Deno.test("apply_patch changes, makes, deletes and renames what git's patch says, with strip 0 and 1", async () => {
  for (const fields of [{}, { strip: 0 }, { strip: 1 }]) {
    await using environment = await FakeEnvironment.create();
    await environment.fill(GIT_BEFORE);
    assertEquals(await patchWith(environment, GIT_PATCH, fields), done(5, 4));
    assertEquals(await readAll(environment), GIT_AFTER);
  }
});

Deno.test("apply_patch with dryRun, or dry_run, tells what would be done and writes nothing", async () => {
  for (const fields of [{ dryRun: true }, { dry_run: true }]) {
    await using environment = await FakeEnvironment.create();
    await environment.fill(GIT_BEFORE);
    assertEquals(await patchWith(environment, GIT_PATCH, fields), done(5, 4));
    assertEquals(await readAll(environment), GIT_BEFORE);
  }
});

Deno.test("apply_patch takes what diff -u makes, with times and no prefix, for two files", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "a.txt": "1\n", "d/b.txt": "1\n2\n3\n4\n5\n6\n7\n8\n9\n" });
  const patch = [
    "--- a.txt\t2024-05-01 10:00:00.000000000 +0000",
    "+++ a.txt\t2024-05-01 10:00:01.000000000 +0000",
    "@@ -1 +1 @@",
    "-1",
    "+one",
    "diff -u d/b.txt.orig d/b.txt",
    "--- d/b.txt.orig\t2024-05-01 10:00:00.000000000 +0000",
    "+++ d/b.txt\t2024-05-01 10:00:01.000000000 +0000",
    "@@ -1,2 +1,3 @@",
    "+0",
    " 1",
    " 2",
    "@@ -8,2 +9 @@",
    " 8",
    "-9",
    "",
  ].join("\n");
  assertEquals(await patchWith(environment, patch), done(2, 3));
  assertEquals(await readAll(environment), { "a.txt": "one\n", "d/b.txt": "0\n1\n2\n3\n4\n5\n6\n7\n8\n" });
});

Deno.test("apply_patch takes what git format-patch makes, one mail after the other", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ f: "1\n2\n" });
  const mail = (from: string, to: string) =>
    [
      "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001",
      "From: A <a@example.com>",
      "Subject: [PATCH] A change",
      "",
      "---",
      " f | 2 +-",
      " 1 file changed, 1 insertion(+), 1 deletion(-)",
      "",
      "diff --git a/f b/f",
      "index 1191247..d00491f 100644",
      "--- a/f",
      "+++ b/f",
      "@@ -1,2 +1,2 @@",
      " 1",
      `-${from}`,
      `+${to}`,
      "-- ",
      "2.47.3",
      "",
      "",
    ].join("\n");
  assertEquals(await patchWith(environment, mail("2", "two") + mail("two", "three")), done(2, 2));
  assertEquals(await readAll(environment), { f: "1\nthree\n" });
});

Deno.test("apply_patch takes names with a and b as they stand where they lead to something", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "a/x": "1\n", "x": "1\n", "b/y": "" });
  const change = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-1\n+2\n";
  const make = "--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+2\n";
  assertEquals(await patchWith(environment, change + make), done(2, 2));
  assertEquals(await readAll(environment), { "a/x": "2\n", "b/new": "2\n", "b/y": "", "x": "1\n" });
  assertEquals(await patchWith(environment, change + make, { strip: 1 }), done(2, 2));
  assertEquals(await readAll(environment), { "a/x": "2\n", "b/new": "2\n", "b/y": "", "new": "2\n", "x": "2\n" });
});

Deno.test("apply_patch strips as many parts as it is told, also of an absolute path, and no more than there are", async () => {
  await using environment = await FakeEnvironment.create();
  for (const [strip, name] of [[1, "x/f"], [2, "x//y/f"], [3, "/home/me/f"]] as const) {
    await environment.fill({ f: "1\n" });
    const patch = `--- ${name}\n+++ ${name}\n@@ -1 +1 @@\n-1\n+2\n`;
    assertEquals([name, await patchWith(environment, patch, { strip })], [name, done(1, 1)]);
    assertEquals(await readAll(environment), { f: "2\n" });
  }
  const command = { type: "apply_patch", patch: "--- f\n+++ f\n@@ -1 +1 @@\n-1\n+2\n", strip: 1 };
  await assertRefused(environment, { command, code: "invalid_request", field: "strip" });
});

Deno.test("apply_patch finds a hunk that has moved, and wants every line of its context", async () => {
  await using environment = await FakeEnvironment.create();
  const patch = "--- f\n+++ f\n@@ -2,3 +2,3 @@\n a\n-b\n+B\n c\n";
  await environment.fill({ f: "1\n2\n3\n4\n5\na\nb\nc\n" });
  assertEquals(await patchWith(environment, patch), done(1, 1));
  assertEquals(await readAll(environment), { f: "1\n2\n3\n4\n5\na\nB\nc\n" });
  await environment.fill({ f: "1\na\nb\nother\n" });
  assertEquals((await patchWith(environment, patch)).hunksFailed, 1);
  assertEquals(await readAll(environment), { f: "1\na\nb\nother\n" });
});

Deno.test("apply_patch moves no hunk of a patch without context, which says by its number alone where it belongs", async () => {
  await using environment = await FakeEnvironment.create();
  const insertion = "--- f\n+++ f\n@@ -2,0 +3 @@\n+new\n";
  await environment.fill({ f: "1\n2\n3\n" });
  assertEquals(await patchWith(environment, insertion), done(1, 1));
  assertEquals(await readAll(environment), { f: "1\n2\nnew\n3\n" });
  const table = [
    "@@ -9,0 +10 @@\n+new\n",
    "@@ -999999999999999,0 +1 @@\n+new\n",
    "@@ -1 +1 @@\n-3\n+three\n@@ -4,0 +5 @@\n+new\n",
  ];
  for (const hunks of table) {
    await environment.fill({ f: "1\n2\n3\n" });
    assertEquals([hunks, (await patchWith(environment, `--- f\n+++ f\n${hunks}`)).filesPatched], [hunks, 0]);
    assertEquals(await readAll(environment), { f: "1\n2\n3\n" });
  }
});

Deno.test("apply_patch leaves a file untouched of which one hunk fails, counts its hunks, and does the others", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ f: "1\n2\n3\n4\n5\n6\n7\n8\n9\n", g: "1\n" });
  const patch =
    "--- f\n+++ f\n@@ -1,2 +1,2 @@\n-1\n+one\n 2\n@@ -5 +5 @@\n-nope\n+x\n@@ -8,2 +8,2 @@\n 8\n-9\n+nine\n" +
    "--- g\n+++ g\n@@ -1 +1 @@\n-1\n+one\n--- h\n+++ h\n@@ -1 +1 @@\n-1\n+one\n";
  assertEquals(await patchWith(environment, patch), {
    filesPatched: 1,
    hunksApplied: 1,
    hunksFailed: 4,
    errors: ["f: hunk 2 of 3 (line 5) does not apply", "h: it does not exist"],
  });
  assertEquals(await readAll(environment), { f: "1\n2\n3\n4\n5\n6\n7\n8\n9\n", g: "one\n" });
});

Deno.test("apply_patch has succeeded when nothing was left", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ f: "1\n" });
  const command = findCommand({ type: "apply_patch", patch: "--- f\n+++ f\n@@ -1 +1 @@\n-1\n+2\n" });
  if (command.runsProgram) throw new Error("apply_patch runs no program");
  const results = [
    await command.run(environment, { limits: LIMITS_GIVEN }),
    await command.run(environment, { limits: LIMITS_GIVEN }),
  ];
  assertEquals(results.map((result) => command.succeeded(result)), [true, false]);
});

Deno.test("apply_patch applies several changes of one file one after the other", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ f: "1\n" });
  const patch = "--- f\n+++ f\n@@ -1 +1 @@\n-1\n+2\n--- f\n+++ f\n@@ -1 +1 @@\n-2\n+3\n" +
    "--- /dev/null\n+++ g\n@@ -0,0 +1 @@\n+x\n--- g\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n";
  assertEquals(await patchWith(environment, patch), done(4, 4));
  assertEquals(await readAll(environment), { f: "3\n" });
});

Deno.test("apply_patch makes no file that is there, deletes none that holds more, and renames onto none", async () => {
  await using environment = await FakeEnvironment.create();
  const before = { f: "1\n", g: "1\n2\n", h: "h\n" };
  await environment.fill(before);
  const table = [
    ["--- /dev/null\n+++ f\n@@ -0,0 +1 @@\n+x\n", "f: it exists already"],
    ["--- g\n+++ /dev/null\n@@ -1 +0,0 @@\n-1\n", "g: it holds more than the patch removes"],
    ["--- nope\n+++ /dev/null\n@@ -1 +0,0 @@\n-1\n", "nope: it does not exist"],
    ["diff --git a/f b/h\nsimilarity index 100%\nrename from f\nrename to h\n", 'b/h: "h" exists already'],
    ["diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n", "b/y: it does not exist"],
    ["diff --git a/f b/f\nold mode 100644\nnew mode 100755\n", "changes no line"],
    [
      "diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc/passwd\n",
      "no regular file",
    ],
    ["diff --git a/f b/f\nindex 1..2 100644\nBinary files a/f and b/f differ\n", "binary"],
  ] as const;
  for (const [patch, why] of table) {
    const { filesPatched, errors } = await patchWith(environment, patch);
    assertEquals([patch, filesPatched, errors.length], [patch, 0, 1]);
    assertStringIncludes(errors.join(), why);
  }
  assertEquals(await readAll(environment), before);
});

Deno.test("apply_patch copies, and makes what diff -N tells of a file that is not there", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ f: "1\n" });
  const patch =
    "--- n\n+++ n\n@@ -0,0 +1 @@\n+x\ndiff --git a/f b/d/g\nsimilarity index 100%\ncopy from f\ncopy to d/g\n";
  assertEquals(await patchWith(environment, patch), done(2, 1));
  assertEquals(await readAll(environment), { "d/g": "1\n", f: "1\n", n: "x\n" });
});

Deno.test("apply_patch keeps a file's ends of lines, whichever the patch has, and a missing one at the end", async () => {
  const unix = "--- f\n+++ f\n@@ -1,2 +1,2 @@\n 1\n-2\n+two\n";
  const table = [
    ["1\r\n2\r\n", unix, "1\r\ntwo\r\n"],
    ["1\n2\n", unix.replaceAll("\n", "\r\n"), "1\ntwo\n"],
    ["1\r\n2\r\n", unix.replaceAll("\n", "\r\n"), "1\r\ntwo\r\n"],
    ["1", "--- f\n+++ f\n@@ -1 +1 @@\n-1\n\\ No newline at end of file\n+2\n", "2\n"],
    ["1\n", "--- f\n+++ f\n@@ -1 +1 @@\n-1\n+2\n\\ No newline at end of file\n", "2"],
    ["1", "--- f\n+++ f\n@@ -1 +1 @@\n-1\n\\ No newline at end of file\n+2\n\\ No newline at end of file\n", "2"],
    ["\uFEFF1\n", "--- f\n+++ f\n@@ -1 +1 @@\n-\uFEFF1\n+\uFEFF2\n", "\uFEFF2\n"],
    ["ü\n", "--- f\n+++ f\n@@ -1 +1 @@\n-ü\n+日本\n", "日本\n"],
  ] as const;
  for (const [before, patch, after] of table) {
    await using environment = await FakeEnvironment.create();
    await environment.fill({ f: before });
    assertEquals([patch, await patchWith(environment, patch)], [patch, done(1, 1)]);
    assertEquals([patch, (await readAll(environment))["f"]], [patch, after]);
  }
});

Deno.test("apply_patch takes names that git quotes", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "tab\tü": "1\n" });
  const patch = '--- "a/tab\\t\\303\\274"\n+++ "b/tab\\t\\303\\274"\n@@ -1 +1 @@\n-1\n+2\n';
  assertEquals(await patchWith(environment, patch), done(1, 1));
  assertEquals(await readAll(environment), { "tab\tü": "2\n" });
});

Deno.test("apply_patch refuses a path outside before it has written anything", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ f: "1\n" });
  await Deno.symlink("/etc", environment.hostPath("escape"));
  const change = "--- f\n+++ f\n@@ -1 +1 @@\n-1\n+2\n";
  for (const name of ["../x", "/etc/passwd", "a/../../x", "escape/passwd", '"a\\000b"']) {
    for (
      const patch of [
        `--- ${name}\n+++ ${name}\n@@ -1 +1 @@\n-1\n+2\n`,
        `--- /dev/null\n+++ ${name}\n@@ -0,0 +1 @@\n+2\n`,
      ]
    ) {
      await assertRefused(environment, {
        command: { type: "apply_patch", patch: change + patch },
        code: "permission_denied",
      });
    }
  }
  assertEquals(await Deno.readTextFile(environment.hostPath("f")), "1\n");
});

Deno.test("apply_patch changes no file that is not UTF-8, and no directory", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "d/x": "" });
  await Deno.writeFile(environment.hostPath("f"), new Uint8Array([0x31, 0x0a, 0xff, 0x0a]));
  const patch = ["f", "d"].map((name) => `--- ${name}\n+++ ${name}\n@@ -1 +1 @@\n-1\n+2\n`).join("");
  const { filesPatched, errors } = await patchWith(environment, patch);
  assertEquals([filesPatched, errors.length], [0, 2]);
  assertStringIncludes(errors[0] ?? "", "UTF-8");
  assertEquals(await Deno.readFile(environment.hostPath("f")), new Uint8Array([0x31, 0x0a, 0xff, 0x0a]));
});

Deno.test("apply_patch refuses what is no patch, and fields that are off", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ f: "1\n" });
  const bad = [
    "",
    "hello",
    "\n",
    "@@ -1 +1 @@\n-1\n+2\n",
    "--- f\n+++ f\n@@ ... @@\n-1\n+2\n",
    "--- f\n+++ f\n@@ -1,3 +1 @@\n-1\n+2\n",
    "--- f\n@@ -1 +1 @@\n-1\n+2\n",
    "--- f\n+++ f\n@@ -1 +1 @@\n-1\n*2\n",
    `--- f\n+++ f\n@@ -1 +1 @@\n${"*".repeat(100_000)}\n`,
    "diff --git a/f b/f\nindex 1..2\nGIT binary patch\nliteral 1\nIcmZPo000310RR91\n\n",
    "--- f\n+++ f\n@@ -1 +1 @@\n-1\n+\ud800\n",
  ];
  await assertFieldsRefused(environment, {
    base: { type: "apply_patch", patch: "--- f\n+++ f\n@@ -1 +1 @@\n-1\n+2\n" },
    table: [
      ...bad.map((patch) => [{ patch }, "patch"] as const),
      [{ patch: undefined }, "patch"],
      [{ strip: -1 }, "strip"],
      [{ strip: 65 }, "strip"],
      [{ dryRun: "true" }, "dryRun"],
      [{ fuzz: 1 }, "fuzz"],
    ],
  });
  assertEquals(await readAll(environment), { f: "1\n" });
});

Deno.test("apply_patch refuses patches that would take too long, or change too many files", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ f: "a\n".repeat(100_000), g: "1\n" });
  const context = " a\n".repeat(1_000);
  const slow = `--- f\n+++ f\n@@ -1,1001 +1,1001 @@\n${context}-b\n+c\n`;
  const far = `--- g\n+++ g\n@@ -999999999999999 +1 @@\n-2\n+3\n`;
  await assertRefused(environment, { command: { type: "apply_patch", patch: slow }, code: "too_large" });
  assertEquals((await patchWith(environment, far)).hunksFailed, 1);
  const many = Array.from({ length: 1_001 }, (_, index) => `--- /dev/null\n+++ n${index}\n@@ -0,0 +1 @@\n+1\n`).join(
    "",
  );
  await assertRefused(environment, { command: { type: "apply_patch", patch: many }, code: "too_large" });
  assertEquals(await environment.paths(), ["f", "g"]);
});
