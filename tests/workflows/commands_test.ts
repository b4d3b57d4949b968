import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Execution } from "../../src/core/execution.ts";
import { ApiClient } from "../support/api_client.ts";
import { mountsAvailability } from "../support/confined.ts";
import { Desk } from "../support/desk.ts";
import { DOCKER_HOST, dockerAvailability } from "../support/docker.ts";
import { openNpmRegistry } from "../support/npm_registry.ts";
import { openService } from "../support/own_service.ts";
import { isPresent } from "../support/requirements.ts";
import { startServiceProcess } from "../support/service_process.ts";
import { shareService } from "../support/shared_service.ts";

const shared = shareService();

/** How programs of a language do what the checks ask of them. */
interface Speech {
  readonly language: string;
  readonly runtime: string;
  /** Prints its arguments, each on a line, and then its stdin. */
  readonly echo: string;
  readonly endless: string;
  /** A command line that prints the variable GREETING, its first argument `x` and its stdin; `path` names the file for it. */
  readonly shell: { readonly command: string; readonly args: readonly string[] };
  readonly script: { readonly path: string; readonly content: string };
}

const ECHO = `for (const text of Deno.args) console.log(text);
console.log(await new Response(Deno.stdin.readable).text());`;
const TYPESCRIPT: Speech = {
  language: "typescript",
  runtime: "deno",
  echo: ECHO,
  endless: "setInterval(() => {}, 1000);",
  shell: { command: "deno", args: ["run", "tool.ts", "x"] },
  script: {
    path: "place/tool.ts",
    content: 'console.log(Deno.env.get("GREETING"), Deno.args[0], await new Response(Deno.stdin.readable).text());',
  },
};
const SCRIPT = { path: "place/tool.sh", content: 'echo "$GREETING $1 $(cat)"' };
const PYTHON: Speech = {
  language: "python",
  runtime: "docker",
  echo: "import sys\nfor text in sys.argv[1:]: print(text)\nprint(sys.stdin.read())",
  endless: "while True: pass",
  shell: { command: "sh", args: ["tool.sh", "x"] },
  script: SCRIPT,
};
const BASH: Speech = {
  ...PYTHON,
  language: "bash",
  echo: 'for text in "$@"; do echo "$text"; done; cat; echo',
  endless: "sleep 60",
};

type Check = (desk: Desk, speech: Speech) => Promise<void>;

const PROGRAM_CHECKS: Readonly<Record<string, Check>> = {
  async "execute_code (execute): args, stdin, language, timeoutMs and timeout; the result is an execution"(
    desk,
    speech,
  ) {
    const { language, runtime, echo, endless } = speech;
    const said: Execution = await desk.do({
      type: "execute_code",
      code: echo,
      args: ["a b", "c"],
      stdin: "in",
      language,
    });
    assertEquals([said.stdout.trimEnd(), said.exitCode, said.outcome], ["a b\nc\nin", 0, {
      kind: "exited",
      exitCode: 0,
    }]);
    assertEquals([said.language, said.runtime, said.status, typeof said.usage.startupMs], [
      language,
      runtime,
      "ended",
      "number",
    ]);
    assertEquals((await desk.do({ type: "execute", code: echo, timeout: 60 })).stdout.trim(), "");
    const late = await desk.fail({ type: "execute", code: endless, timeout: 0.3 });
    assertEquals([late.outcome, late.exitCode], [{ kind: "timed_out", limitMs: 300 }, null]);
    assertEquals((await desk.fail({ type: "execute_code", code: endless, timeoutMs: 301 })).outcome.limitMs, 301);
    assertEquals((await desk.refuse({ type: "execute", code: "", language: "cobol" })).code, "unsupported_language");
  },

  async "execute_shell (shell): command (commandName), args, workingDirectory, env, stdin"(desk, speech) {
    const { shell, script } = speech;
    await desk.do({ type: "write_file", ...script });
    const fields = { args: shell.args, workingDirectory: "place", env: { GREETING: "hello" }, stdin: "in" };
    const said = await desk.do({ type: "execute_shell", command: shell.command, timeoutMs: 60_000, ...fields });
    assertEquals([said.stdout, said.exitCode], ["hello x in\n", 0]);
    const again = await desk.do({
      type: "shell",
      commandName: shell.command,
      ...fields,
      workingDirectory: "/workspace/place",
      timeout: 60,
    });
    assertEquals(again.stdout, "hello x in\n");
    const escape = { type: "shell", command: shell.command, workingDirectory: "/tmp" };
    assertEquals((await desk.refuse(escape)).code, "permission_denied");
  },

  async "a failing program is no success, and a result all the same"(desk) {
    const failed = await desk.fail({ type: "execute", code: "(" });
    assertEquals([failed.outcome.kind, failed.exitCode === 0], ["exited", false]);
  },
};

/** Checks of a runtime that runs any command. */
const SHELL_CHECKS: Readonly<Record<string, Check>> = {
  async "execute_shell without args runs a line of a shell; with args, even empty, an argument vector"(desk) {
    await desk.do({ type: "write_file", path: "lines/a b.txt", content: "one\ntwo\n" });
    const line = { type: "execute_shell", command: "ls | wc -l; cat 'a b.txt'", workingDirectory: "lines" };
    assertEquals((await desk.do(line)).stdout, "1\none\ntwo\n");
    const vector = { ...line, args: [] };
    assertEquals((await desk.fail(vector)).exitCode, 127);
  },
};

const FILE_CHECKS: Readonly<Record<string, Check>> = {
  async "write_file: Create and Overwrite replace, Append adds, CreateNew fails when it exists"(desk) {
    const write = (fields: Record<string, unknown>) => desk.do({ type: "write_file", path: "w/a.txt", ...fields });
    assertEquals(await write({ content: "one long text\n" }), { path: "w/a.txt", bytes: 14 });
    assertEquals(await write({ content: "b25l", encoding: "base64", mode: "Overwrite" }), {
      path: "w/a.txt",
      bytes: 3,
    });
    assertEquals(await write({ path: "/workspace/w/a.txt", content: " é", mode: "Append" }), {
      path: "w/a.txt",
      bytes: 3,
    });
    const again = await desk.refuse({ type: "write_file", path: "w/a.txt", content: "", mode: "CreateNew" });
    assertEquals(again.code, "conflict");
    assertEquals((await write({ path: "w/new.txt", content: "", mode: "CreateNew" })).bytes, 0);
    assertEquals((await desk.do({ type: "read_file", path: "w/a.txt" })).content, "one é");
  },

  async "read_file: encoding, offset and length; a path leads nowhere else"(desk) {
    await desk.do({ type: "write_file", path: "r.txt", content: "0123456789" });
    assertEquals(await desk.do({ type: "read_file", path: "/workspace/r.txt" }), {
      path: "r.txt",
      content: "0123456789",
      encoding: "utf8",
      bytes: 10,
    });
    assertEquals(await desk.do({ type: "read_file", path: "r.txt", encoding: "base64", offset: 8, length: 5 }), {
      path: "r.txt",
      content: "ODk=",
      encoding: "base64",
      bytes: 2,
    });
    assertEquals((await desk.refuse({ type: "read_file", path: "missing" })).code, "not_found");
    for (const path of ["/etc/passwd", "../r.txt", "a/../../r.txt", "r\0.txt", "/workspaces/r.txt"]) {
      assertEquals([path, (await desk.refuse({ type: "read_file", path })).code], [path, "permission_denied"]);
    }
  },

  async "create_directory (create_dir): recursive by default, and one that exists is no fault then"(desk) {
    assertEquals(await desk.do({ type: "create_directory", path: "c/d" }), { path: "c/d" });
    assertEquals(await desk.do({ type: "create_dir", path: "/workspace/c/d/" }), { path: "c/d" });
    assertEquals((await desk.refuse({ type: "create_dir", path: "e/f", recursive: false })).code, "not_found");
    assertEquals((await desk.refuse({ type: "create_dir", path: "c", recursive: false })).code, "conflict");
  },

  async "copy_file and move_file: source (sourcePath), destination (destinationPath), overwrite by default"(desk) {
    await desk.do({ type: "write_file", path: "cp/a", content: "a" });
    assertEquals(await desk.do({ type: "copy_file", source: "cp/a", destination: "cp/b" }), {
      source: "cp/a",
      destination: "cp/b",
    });
    await desk.do({ type: "copy_file", sourcePath: "cp/a", destinationPath: "/workspace/cp/b" });
    const kept = { source: "cp/a", destination: "cp/b", overwrite: false };
    for (const type of ["copy_file", "move_file"]) {
      const { code, detail } = await desk.refuse({ type, ...kept });
      assertEquals([type, code], [type, "conflict"]);
      assertStringIncludes(detail, '"cp/b"');
    }
    assertEquals(await desk.do({ type: "move_file", sourcePath: "cp", destinationPath: "moved" }), {
      source: "cp",
      destination: "moved",
    });
    await desk.do({ type: "move_file", source: "moved/a", destination: "moved/b" });
    const { tree } = await desk.do({ type: "list_directory", path: "moved" });
    assertEquals(namesOf(tree), ["b"]);
    assertEquals((await desk.refuse({ type: "read_file", path: "cp/a" })).code, "not_found");
  },

  async "delete_file: a directory that is not empty only with recursive, which is not the default"(desk) {
    await desk.do({ type: "write_file", path: "gone/a", content: "" });
    assertEquals((await desk.refuse({ type: "delete_file", path: "gone" })).code, "conflict");
    assertEquals(await desk.do({ type: "delete_file", path: "/workspace/gone/a" }), { path: "gone/a" });
    assertEquals(await desk.do({ type: "delete_file", path: "gone", recursive: true }), { path: "gone" });
    assertEquals((await desk.refuse({ type: "delete_file", path: "gone" })).code, "not_found");
  },

  async "list_directory (list_files): the whole tree without what is hidden, by depth and by pattern"(desk) {
    await desk.do({ type: "write_file", path: "l/d/x.txt", content: "text" });
    await desk.do({ type: "write_file", path: "l/.hidden", content: "" });
    const { tree } = await desk.do({ type: "list_directory", path: "l" });
    const [directory] = tree.children;
    const [file] = directory.children;
    assertEquals([namesOf(tree), tree.path, tree.type], [["d"], "l", "directory"]);
    assertEquals(Object.keys(file).toSorted(), ["modifiedAt", "name", "path", "size", "type"]);
    assertEquals([file.name, file.path, file.type, file.size], ["x.txt", "l/d/x.txt", "file", 4]);
    assertEquals(new Date(file.modifiedAt).toISOString(), file.modifiedAt);
    const list = async (fields: Record<string, unknown>) => (await desk.do({ type: "list_files", ...fields })).tree;
    assertEquals(namesOf(await list({ path: "l", includeHidden: true })), [".hidden", "d"]);
    const flat = { ...directory, children: undefined };
    delete flat.children;
    assertEquals((await list({ path: "l", recursive: false })).children, [flat]);
    assertEquals((await list({ path: "l", maxDepth: 1 })).children, [flat]);
    assertEquals((await list({ pattern: "x.*" })).children.map(({ path }: { path: string }) => path), ["l"]);
    assertEquals((await desk.refuse({ type: "list_files", path: "nowhere" })).code, "not_found");
  },

  async "diff: paths and contents, three lines of context by default; apply_patch takes what it tells"(desk) {
    const lines = (middle: string) => ["1", "2", "3", "4", middle, "6", "7", "8", "9", ""].join("\n");
    await desk.do({ type: "write_file", path: "p/a.txt", content: lines("5") });
    const told = await desk.do({ type: "diff", originalPath: "p/a.txt", modifiedContent: lines("five") });
    assertEquals([told.addedLines, told.removedLines, told.identical], [1, 1, false]);
    assertStringIncludes(told.diff, "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
    const narrow = { originalPath: "p/a.txt", modifiedContent: lines("five"), contextLines: 0 };
    assertStringIncludes((await desk.do({ type: "diff", ...narrow })).diff, "@@ -5,1 +5,1 @@\n-5\n+five\n");
    const same = { type: "diff", originalContent: lines("5"), modifiedPath: "/workspace/p/a.txt" };
    assertEquals(await desk.do(same), { diff: "", addedLines: 0, removedLines: 0, identical: true });
    const report = { filesPatched: 1, hunksApplied: 1, hunksFailed: 0, errors: [] };
    const stripped = { type: "apply_patch", patch: told.diff.replaceAll("p/a.txt", "x/p/a.txt"), strip: 1 };
    assertEquals(await desk.do({ ...stripped, dryRun: true }), report);
    assertEquals((await desk.do({ type: "read_file", path: "p/a.txt" })).content, lines("5"));
    assertEquals(await desk.do({ type: "apply_patch", patch: told.diff }), report);
    assertEquals((await desk.do({ type: "read_file", path: "p/a.txt" })).content, lines("five"));
    const failed = await desk.fail(stripped);
    assertEquals([failed.filesPatched, failed.hunksFailed, failed.errors.length], [0, 1, 1]);
  },
};

const REFUSAL_CHECKS: Readonly<Record<string, Check>> = {
  async "install_packages takes names and nothing else"(desk) {
    for (const packages of [[], ["../x"], ["--flag"], ["https://example.com/x.tgz"], ["a b"], "left-pad"]) {
      const { code } = await desk.refuse({ type: "install_packages", packages });
      assertEquals([packages, code], [packages, "invalid_request"]);
    }
  },

  async "an unknown command or field is told the nearest, and a name that is there twice is refused"(desk) {
    assertStringIncludes((await desk.refuse({ type: "read_fil", path: "a" })).detail, 'did you mean "read_file"');
    assertStringIncludes((await desk.refuse({ type: "read_file", pth: "a", path: "b" })).detail, 'did you mean "path"');
    const twice = { type: "copy_file", source: "a", sourcePath: "b", destination: "c" };
    assertEquals((await desk.refuse(twice)).code, "invalid_request");
    const both = { type: "execute", code: "", timeout: 1, timeoutMs: 1_000 };
    assertEquals((await desk.refuse(both)).code, "invalid_request");
  },
};

function namesOf(tree: { readonly children: readonly { readonly name: string }[] }): string[] {
  return tree.children.map(({ name }) => name);
}

/** Runs checks in one session, each as a step. */
async function checkAll(
  t: Deno.TestContext,
  { client, speech, checks }: {
    readonly client: ApiClient;
    readonly speech: Speech;
    readonly checks: Readonly<Record<string, Check>>;
  },
): Promise<void> {
  const { id, runtime } = await client.openSession({ language: speech.language, runtime: speech.runtime });
  assertEquals(runtime, speech.runtime);
  for (const [name, check] of Object.entries(checks)) {
    await t.step(`[${speech.runtime}/${speech.language}] ${name}`, () => check(new Desk(client, id), speech));
  }
  assertEquals(await client.status("DELETE", `/v1/sessions/${id}`), 204);
}

const ALL_CHECKS = { ...PROGRAM_CHECKS, ...FILE_CHECKS, ...REFUSAL_CHECKS };

Deno.test("[deno] every command of the wire contract does what its row says", async (t) => {
  await using service = shared.borrow();
  await checkAll(t, { client: new ApiClient(service), speech: TYPESCRIPT, checks: ALL_CHECKS });
});

if (isPresent("bubblewrap", await mountsAvailability())) {
  Deno.test("[deno] execute_shell runs deno with its own checks, and what every layer confines at the floor 8", async () => {
    await using service = await openService({ minIsolation: 8 });
    const client = new ApiClient(service);
    const { id } = await client.openSession({ language: "typescript" });
    const desk = new Desk(client, id);
    const said = await desk.do({ type: "shell", command: "deno", args: ["eval", "console.log(40 + 2)"] });
    assertEquals(said.stdout, "42\n");
    // With flags of its own Deno is a command as any other: it is allowed all, and the layers let it nowhere.
    const content = `for (const attempt of [
      () => Deno.readTextFile(${JSON.stringify(import.meta.filename)}),
      () => Deno.connect({ port: ${new URL(service.url).port} }),
      () => Deno.writeTextFile("/usr/made", ""),
    ]) console.log(await attempt().then(() => "done", () => "failed"));`;
    await desk.do({ type: "write_file", path: "reach.ts", content });
    const reach = await desk.do({ type: "shell", command: "deno", args: ["run", "--allow-all", "reach.ts"] });
    assertEquals([reach.stdout, reach.denials], ["failed\nfailed\nfailed\n", []]);
    assertEquals((await desk.do({ type: "shell", command: "id", args: ["-un"] })).stdout, "program\n");
  });
}

Deno.test("[deno] install_packages answers an execution, and only where the policy allows it", async () => {
  await using registry = await openNpmRegistry([{
    name: "answers",
    version: "1.0.0",
    files: { "index.js": "module.exports = 42;" },
  }]);
  const packages = { type: "install_packages", packages: ["answers@1.0.0"] };
  await using service = await openService({ runtimes: { deno: { npmRegistry: registry.url } } });
  const client = new ApiClient(service);
  const { id } = await client.openSession({ language: "typescript" });
  const installed = await client.command(id, packages);
  assertEquals([installed.success, installed.result.outcome], [true, { kind: "exited", exitCode: 0 }]);
  const code = 'import answer from "answers"; console.log(answer);';
  assertEquals((await client.command(id, { type: "execute", code })).result.stdout, "42\n");
  await using closed = await openService({ allowInstall: false });
  const other = new ApiClient(closed);
  const session = await other.openSession({ language: "typescript" });
  assertEquals((await other.command(session.id, packages)).error?.code, "permission_denied");
});

if (isPresent("docker/python", await dockerAvailability("python", "bash"))) {
  Deno.test("[docker] every command of the wire contract does what its row says", async (t) => {
    await using service = await startServiceProcess([], { CODEBEAKER_DOCKER_HOST: DOCKER_HOST });
    const client = new ApiClient(service);
    await checkAll(t, { client, speech: PYTHON, checks: { ...ALL_CHECKS, ...SHELL_CHECKS } });
    await checkAll(t, { client, speech: BASH, checks: PROGRAM_CHECKS });
  });
}
