import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import * as fs from "node:fs";
import { CodeBeakerError, type ErrorCode } from "../../src/core/errors.ts";
import { Workspace } from "../../src/workspace/workspace.ts";
import { withGuardedDirectory } from "../support/guarded_directory.ts";
import { slowly } from "../support/slowly.ts";
import { tarStream } from "../support/tar.ts";

interface Bench {
  readonly files: Workspace;
  readonly root: string;
  readonly outside: string;
}

/** A workspace beside a directory with a secret, which no operation may reach. */
async function withWorkspace(test: (bench: Bench) => Promise<void>): Promise<void> {
  await withGuardedDirectory(({ parent, root, outside }) =>
    test({ files: new Workspace(root, { asideDirectory: parent }), root, outside })
  );
}

const bytes = (text: string) => new TextEncoder().encode(text);

async function text(stream: Promise<ReadableStream<Uint8Array>>): Promise<string> {
  return await new Response(await stream).text();
}

async function assertRefused(code: ErrorCode, operation: () => Promise<unknown>): Promise<void> {
  assertEquals((await assertRejects(operation, CodeBeakerError)).code, code);
}

Deno.test("Workspace writes, appends, replaces and reads parts", () =>
  withWorkspace(async ({ files }) => {
    await files.write("a/b/c.txt", bytes("hello"));
    await files.write("a/b/c.txt", bytes(" world"), "append");
    assertEquals(await text(files.read("a/b/c.txt")), "hello world");
    assertEquals(await text(files.read("a/b/c.txt", { offset: 6, length: 3 })), "wor");
    assertEquals(await text(files.read("a/b/c.txt", { length: 0 })), "");
    assertEquals(await text(files.read("a/b/c.txt", { offset: 99 })), "");
    await files.write("a/b/c.txt", bytes("new"));
    assertEquals(await text(files.read("a/b/c.txt")), "new");
    await assertRefused("conflict", () => files.write("a/b/c.txt", bytes(""), "create_new"));
    await assertRefused("not_found", () => files.read("a/nope"));
    await assertRefused("invalid_request", () => files.read("a"));
    await assertRefused("invalid_request", () => files.write("a/b/c.txt/d", bytes("")));
  }));

Deno.test("Workspace follows symlinks that stay inside", () =>
  withWorkspace(async ({ files, root }) => {
    await files.write("real/file", bytes("inside"));
    await Deno.symlink("real", join(root, "link"));
    await Deno.symlink("../real/file", join(root, "real/up"));
    await Deno.symlink("/workspace/real", join(root, "absolute"));
    for (const path of ["link/file", "real/up", "absolute/file", "link/up"]) {
      assertEquals(await text(files.read(path)), "inside");
    }
    assertEquals(
      (await files.list("link")).children?.map(({ name }) => name),
      ["file", "up"],
    );
    await files.delete("link");
    assertEquals(await text(files.read("real/file")), "inside");
  }));

Deno.test("Workspace refuses every operation through a symlink that leaves", () =>
  withWorkspace(async ({ files, root, outside }) => {
    await files.write("own", bytes("own"));
    await files.createDirectory("a");
    const links = {
      absolute: outside,
      relative: "../outside",
      file: join(outside, "secret"),
      loop: "loop",
      deep: "a/../../outside",
      root: "/",
    };
    for (const [name, target] of Object.entries(links)) await Deno.symlink(target, join(root, name));
    for (const path of ["absolute/secret", "relative/secret", "file", "loop", "deep/secret", "root/etc/passwd"]) {
      await assertRefused("permission_denied", () => files.read(path));
      await assertRefused("permission_denied", () => files.write(path, bytes("x")));
      await assertRefused("permission_denied", () => files.copy("own", path));
      await assertRefused("permission_denied", () => files.copy(path, "stolen"));
    }
    for (const path of ["absolute/x", "relative/x"]) {
      await assertRefused("permission_denied", () => files.createDirectory(path));
      await assertRefused("permission_denied", () => files.move("own", path));
      await assertRefused("permission_denied", () => files.delete(path));
      await assertRefused("permission_denied", () => files.stat(path));
    }
    for (const path of ["absolute", "relative", "root"]) {
      await assertRefused("permission_denied", () => files.list(path));
    }
    for (const name of Object.keys(links)) await files.delete(name);
    assertEquals((await files.list(".")).children?.map(({ name }) => name), ["a", "own"]);
  }));

Deno.test("Workspace copies trees with their links as links, and deletes without following them", () =>
  withWorkspace(async ({ files, root, outside }) => {
    await files.write("tree/a", bytes("a"));
    await Deno.symlink(outside, join(root, "tree/out"));
    await files.copy("tree", "copy");
    assertEquals((await files.list("copy")).children?.map(({ name, type }) => [name, type]), [["a", "file"], [
      "out",
      "symlink",
    ]]);
    await assertRefused("conflict", () => files.copy("tree", "tree/inside"));
    await assertRefused("conflict", () => files.copy("tree", "tree"));
    await assertRefused("conflict", () => files.copy("tree/a", "copy/a", { overwrite: false }));
    await files.delete("copy", { recursive: true });
    await files.delete("tree", { recursive: true });
    assertEquals((await files.list(".")).children, []);
  }));

Deno.test("Workspace never waits for a pipe", async () => {
  await withWorkspace(async ({ files, root }) => {
    const { success } = await new Deno.Command("mkfifo", { args: [join(root, "pipe")] }).output();
    assert(success);
    await assertRefused("invalid_request", () => files.read("pipe"));
    await assertRefused("invalid_request", () => files.write("pipe", bytes("x")));
    assertEquals((await files.stat("pipe")).type, "other");
  });
});

Deno.test("Workspace lists sizes, kinds and depth", () =>
  withWorkspace(async ({ files }) => {
    await files.write("d/e/f", bytes("123"));
    const tree = await files.list(".");
    assertEquals(tree.children?.[0]?.children?.[0]?.children?.[0]?.size, 3);
    assertEquals((await files.list(".", { maxDepth: 1 })).children?.[0]?.children, undefined);
    await assertRefused("invalid_request", () => files.list("d/e/f"));
    await assertRefused("not_found", () => files.list("nope"));
  }));

Deno.test("Workspace.readFiles() reads each file whole, or says why not", () =>
  withWorkspace(async ({ files, root }) => {
    await files.write("d/a", bytes("123"));
    await files.write("large", bytes("1234"));
    for (const [name, target] of [["in", "d/a"], ["out", "/etc/passwd"]] as const) {
      await Deno.symlink(target, join(root, name));
    }
    const read: unknown[] = [];
    await files.readFiles(["d/a", "large", "in", "out", "d", "gone"], {
      maxBytes: 3,
      onFile(reading) {
        if ("bytes" in reading) read.push([reading.path, reading.bytes.length]);
        else read.push([reading.path, reading.error instanceof CodeBeakerError ? reading.error.code : reading.error]);
      },
    });
    assertEquals(read, [
      ...[["d/a", 3], ["large", "too_large"], ["in", 3]],
      ...[["out", "permission_denied"], ["d", "invalid_request"], ["gone", "not_found"]],
    ]);
  }));

Deno.test("Workspace.visit() shows what lies below a directory, as deep as asked, and follows no symlink", () =>
  withWorkspace(async ({ files, root }) => {
    await files.write("d/e/f", bytes("123"));
    await Deno.symlink("d", join(root, "link"));
    const visit = async (path: string, maxDepth: number) => {
      const entries: string[] = [];
      await files.visit(path, { maxDepth, onEntry: (entry) => entries.push(`${entry.type} ${entry.path}`) });
      return entries.toSorted();
    };
    assertEquals(await visit(".", 0), ["directory d", "directory d/e", "file d/e/f", "symlink link"]);
    assertEquals(await visit(".", 2), ["directory d", "directory d/e", "symlink link"]);
    assertEquals(await visit("d/e", 1), ["file d/e/f"]);
    await assertRefused("invalid_request", () => visit("d/e/f", 0));
    await assertRefused("not_found", () => visit("nope", 0));
    const stop = () => {
      throw new Error("enough");
    };
    await assertRejects(() => files.visit(".", { onEntry: stop }), Error, "enough");
  }));

Deno.test("Workspace is not led astray by a program that swaps a directory for a symlink meanwhile", () =>
  withWorkspace(async ({ files, root, outside }) => {
    await files.write("swap/secret", bytes("inside"));
    const swapper = new Deno.Command(Deno.execPath(), {
      args: [
        "eval",
        `for (;;) { Deno.renameSync("swap", "kept"); Deno.symlinkSync(Deno.args[0], "swap"); Deno.removeSync("swap"); Deno.renameSync("kept", "swap"); }`,
        outside,
      ],
      cwd: root,
      stdout: "null",
      stderr: "null",
    }).spawn();
    let [inside, refused] = [0, 0];
    const startedAt = performance.now();
    while (performance.now() < startedAt + (inside > 0 && refused > 0 ? 700 : 20_000)) {
      try {
        assertEquals(await text(files.read("swap/secret")), "inside");
        inside++;
        await files.write("swap/new", bytes("x"));
      } catch (error) {
        if (!(error instanceof CodeBeakerError)) throw error;
        refused++;
      }
    }
    swapper.kill("SIGKILL");
    await swapper.status;
    assert(inside > 0 && refused > 0, `The race was not run: ${inside} read, ${refused} refused`);
  }));

Deno.test("Workspace copies nothing onto or into itself, by whatever path it is named, and loses nothing", () =>
  withWorkspace(async ({ files, root }) => {
    await files.write("a", bytes("kept"));
    await files.write("d/e", bytes("kept"));
    await Deno.symlink("a", join(root, "link"));
    await Deno.symlink("d", join(root, "way"));
    await Deno.link(join(root, "a"), join(root, "hard"));
    const attempts = [["a", "a"], ["a", "link"], ["link", "a"], ["a", "hard"], ["d", "way"], ["d", "way/in"], [
      "way",
      "d/in/side",
    ]];
    for (const [source = "", destination = ""] of attempts) {
      await assertRefused("conflict", () => files.copy(source, destination));
    }
    assertEquals([await text(files.read("a")), await text(files.read("d/e"))], ["kept", "kept"]);
  }));

Deno.test("Workspace names a missing source, and makes nothing for it", () =>
  withWorkspace(async ({ files }) => {
    for (const operation of ["copy", "move"] as const) {
      const error = await assertRejects(() => files[operation]("nope", "new/x"), CodeBeakerError, '"nope"');
      assertEquals(error.code, "not_found");
    }
    assertEquals((await files.list(".")).children, []);
  }));

Deno.test("Workspace leaves no descriptor open when an operation fails", () =>
  withWorkspace(async ({ files }) => {
    await files.write("a", bytes("a"));
    await files.write("d/e", bytes("e"));
    const before = [...Deno.readDirSync("/proc/self/fd")].length;
    for (let round = 0; round < 20; round++) {
      await assertRefused("invalid_request", () => files.copy("a", "d"));
      await assertRefused("invalid_request", () => files.read("d"));
      await (await files.read("a", { offset: Number.MAX_SAFE_INTEGER })).cancel();
      await (await files.read("a")).cancel();
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    assertEquals([...Deno.readDirSync("/proc/self/fd")].length, before);
  }));

Deno.test("Workspace is left alone once it is disposed of: what was under way has ended, and nothing begins", () =>
  withWorkspace(async ({ files, root }) => {
    const entries = Array.from({ length: 2_000 }, (_, index) => ({ name: `tree/f${index}`, text: "x" }));
    await files.unpack(await tarStream(entries));
    const ends = Promise.allSettled([
      files.unpack(slowly(await tarStream(entries.map(({ name, text }) => ({ name: `new/${name}`, text }))))),
      files.copy("tree", "copied"),
      files.write("written", slowly(ReadableStream.from(Array.from({ length: 2_000 }, () => bytes("x"))))),
    ]);
    await Promise.all(["new/tree/f0", "copied", "written"].map((path) => whenThere(join(root, path))));
    await files[Symbol.asyncDispose]();
    await Deno.remove(root, { recursive: true });
    const codes = (await ends).map((end) => end.status === "rejected" && end.reason.code);
    assertEquals(codes, ["conflict", "conflict", "conflict"]);
    await assertRefused("conflict", () => files.write("late", bytes("")));
    await files[Symbol.asyncDispose]();
    await Deno.mkdir(root);
  }));

async function whenThere(path: string): Promise<void> {
  while (!fs.existsSync(path)) await new Promise((resolve) => setTimeout(resolve, 0));
}

/** Holds a file in ways that make other uses of it fail, and says when it does. */
const HOLD = `use POSIX; $| = 1; $SIG{IO} = "IGNORE";
for my $name ("leased", "written") { open($files{$name}, "+<", $name); fcntl($files{$name}, 1024, 1) or die "$!"; }
mkfifo("pipe", 0600) or die "$!"; print "held"; <STDIN>;`;

Deno.test("Workspace tells a client of files that a program holds, and of such as are none", () =>
  withWorkspace(async ({ files, root }) => {
    for (const name of ["leased", "written"]) await files.write(name, bytes("x"));
    fs.copyFileSync("/bin/cat", join(root, "running"));
    const listener = Deno.listen({ transport: "unix", path: join(root, "socket") });
    const holder = new Deno.Command("/usr/bin/perl", {
      args: ["-e", HOLD],
      cwd: root,
      stdin: "piped",
      stdout: "piped",
    })
      .spawn();
    const running = new Deno.Command(join(root, "running"), { stdin: "piped", stdout: "null" }).spawn();
    const reader = holder.stdout.getReader();
    try {
      await reader.read();
      await assertRefused("conflict", () => files.read("leased"));
      await assertRefused("conflict", () => files.write("written", bytes("y")));
      await assertRefused("conflict", () => files.write("running", bytes("y")));
      await assertRefused("invalid_request", () => files.read("socket"));
      await assertRefused("invalid_request", () => files.write("pipe", bytes("y")));
    } finally {
      await Promise.all([holder, running].map(({ stdin }) => stdin.close()));
      await Promise.all([holder.status, running.status, reader.cancel()]);
      listener.close();
    }
  }));
