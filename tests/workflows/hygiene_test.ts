import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { listen } from "../../src/server/mod.ts";
import { RpcClient } from "../server/rpc/door.ts";
import { appOf } from "../server/support/app_of.ts";
import { ApiClient } from "../support/api_client.ts";
import { documentedFetch } from "../support/documented.ts";
import { RawHttp, requestHead } from "../support/raw_http.ts";
import { serverEvents } from "../support/server_events.ts";
import { openService } from "../support/own_service.ts";
import { type BorrowedService, shareService } from "../support/shared_service.ts";
import { makeTar, type TarEntry } from "../support/tar.ts";
import { until } from "../support/until.ts";

const shared = shareService();

/** A program that says whether it may do what nobody granted it. */
const CONFINED = `const names = ["run", "net", "ffi", "import"] as Deno.PermissionName[];
const states = names.map((name) => Deno.permissions.querySync({ name } as Deno.PermissionDescriptor).state);
console.log("ran", states.filter((state) => state === "granted").length, Deno.args.length);`;
const RAN = "ran 0";

const read = (bytes: Uint8Array) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);

interface Bench {
  readonly client: ApiClient;
  readonly sessionId: string;
  readonly rpc: RpcClient;
}

/** A service with a session, which answers as before when the test is over. */
async function withSession(service: { readonly url: string }, test: (bench: Bench) => Promise<void>): Promise<void> {
  const client = new ApiClient(service);
  const { id: sessionId } = await client.openSession({ language: "typescript" });
  const rpc = await RpcClient.open(`${service.url.replace("http", "ws")}/ws/jsonrpc`);
  try {
    await test({ client, sessionId, rpc });
    const after = await client.json("POST", "/v1/executions", { language: "typescript", code: CONFINED });
    assertEquals(after.stdout, `${RAN} 0\n`);
  } finally {
    await rpc.close();
  }
}

/** The same of the service that tests share. */
async function withService(
  test: (bench: Bench & { readonly service: BorrowedService }) => Promise<void>,
): Promise<void> {
  await using service = shared.borrow();
  await withSession(service, (bench) => test({ ...bench, service }));
}

/** The code with which each door refuses something that is part of a program's request, or "ran". */
async function everyDoor({ client, sessionId, rpc }: Bench, part: Record<string, unknown>): Promise<string[]> {
  const program = { code: "1", ...part };
  const oneShot = await client.json("POST", "/v1/executions", { language: "typescript", ...program });
  const inSession = await client.json("POST", `/v1/sessions/${sessionId}/executions`, program);
  const { error } = await rpc.call("execution.run", { language: "typescript", ...program, wait: true });
  return [oneShot.code ?? "ran", inSession.code ?? "ran", error?.data.code ?? "ran"];
}

/** The same of a command. */
async function everyCommandDoor({ client, sessionId, rpc }: Bench, command: object): Promise<string[]> {
  const { error } = await client.command(sessionId, command as Record<string, unknown>);
  const reply = await rpc.call("session.execute", { sessionId, command });
  return [
    error?.code ?? "done",
    /\b(invalid_request|permission_denied|not_found)\b/.exec(JSON.stringify(reply))?.[0] ?? "done",
  ];
}

Deno.test("hygiene: names of variables are of a pattern, and none disarms a sandbox, at every door", () =>
  withService(async (bench) => {
    const { client, rpc } = bench;
    const shell = { type: "execute_shell", command: "deno", args: ["eval", "1"] };
    const names = [
      "A=B",
      "A B",
      "A\n",
      "A\0B",
      "",
      "1A",
      "ＡＢ",
      "А",
      "LD_PRELOAD",
      "ld_preload",
      "DENO_V8_FLAGS",
      "NODE_OPTIONS",
    ];
    for (const name of names) {
      const env = { [name]: "x" };
      const permissions = { allowEnv: [name] };
      const session = { language: "typescript", env };
      assertEquals([name, ...await everyDoor(bench, { env })], [name, ...new Array(3).fill("invalid_request")]);
      assertEquals([name, ...await everyCommandDoor(bench, { ...shell, env })], [
        name,
        ...new Array(2).fill("invalid_request"),
      ]);
      assertEquals([name, (await client.json("POST", "/v1/sessions", session)).code], [name, "invalid_request"]);
      assertEquals([name, (await rpc.call("session.create", session)).error?.data.code], [name, "invalid_request"]);
      const asked = await client.json("POST", "/v1/executions", { language: "typescript", code: "1", permissions });
      assertEquals([name, asked.code], [name, "invalid_request"]);
    }
    for (const value of ["a\0b", "\ud800"]) {
      assertEquals(await everyDoor(bench, { env: { A: value } }), new Array(3).fill("invalid_request"));
    }
  }));

Deno.test("hygiene: names of languages and runtimes are names, and nothing is made of them", () =>
  withService(async ({ client }) => {
    for (
      const name of ["../x", "typescript\n", "__proto__", "constructor", "ｄｅｎｏ", "--allow-all", "x".repeat(65)]
    ) {
      for (const part of [{ language: name }, { environment: name }, { language: "typescript", runtime: name }]) {
        const { code } = await client.json("POST", "/v1/executions", { code: "1", ...part });
        assert(["unsupported_language", "invalid_request", "no_suitable_runtime"].includes(code), `${name}: ${code}`);
      }
    }
  }));

Deno.test("hygiene: no entry of a permission list is another entry, another list or another flag", async () => {
  const root = await Deno.makeTempDir();
  await Deno.chmod(root, 0o755); // Programs are other users than the service where it is root.
  await Deno.writeTextFile(`${root}/open`, "open", { mode: 0o644 });
  await using service = await openService({ readRoots: [root] });
  await withSession(service, async ({ client, rpc }) => {
    const paths = ["/x,/etc", ",", "etc", "/../etc", "/x/../../etc", "/x\0", "/x\n", "/x\ud800", "\0"];
    const lists = [
      ...paths.flatMap((path) => [{ allowRead: [`${root}${path}`] }, { allowWrite: [path] }]),
      ...["/etc", `${root}x`, "--allow-all", "*"].map((path) => ({ allowRead: [path] })),
      ...[
        "a.example,b.example",
        "a.example:80,443",
        "*",
        "",
        "a.example/",
        "https://a.example",
        "user@a.example",
        "a.example --allow-run",
        "a.example\n",
        "-A",
        "ａ.example",
        "a.example:0",
        "a.example:99999",
        "127.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "localhost",
        "LOCALHOST",
        "169.254.169.254",
      ].map((host) => ({ allowNet: [host] })),
      ...["A,B", "*", "A*", "--allow-all"].map((name) => ({ allowEnv: [name] })),
      { allowRun: ["sh"] },
      { allowFfi: true },
      { allowAll: true },
      JSON.parse('{ "__proto__": { "allowRun": true } }'),
    ];
    for (const permissions of lists) {
      const asked = { language: "typescript", code: CONFINED, permissions };
      const { status, code } = await client.json("POST", "/v1/executions", asked);
      const { error } = await rpc.call("session.create", { language: "typescript", permissions });
      const what = JSON.stringify(permissions);
      assert(
        ["invalid_request", "permission_denied", "no_suitable_runtime"].includes(code),
        `${what}: ${status} ${code}`,
      );
      const isUnknown = !/^\{"allow(Read|Write|Net|Env|Run)"/.test(what); // The original's door warns of those.
      if (!isUnknown) assert(error !== undefined, what);
    }
    const reader = `for (const path of ["${root}/open", "/etc/hostname"]) {
      try { console.log(Deno.readTextFileSync(path)); } catch (error) { console.log(error.name); } }`;
    const asked = { language: "typescript", code: reader, permissions: { allowRead: [root] } };
    assertEquals((await client.json("POST", "/v1/executions", asked)).stdout, "open\nNotCapable\n");
  });
  await Deno.remove(root, { recursive: true });
});

/** Names of files that could be taken for a flag, an address, another file or a part of a URL. */
const ODD_FILES = [
  "--allow-all",
  "-A.ts",
  "npm:x",
  "jsr:@x/y.ts",
  "https://example.com/x.ts",
  "data:text/javascript,1",
  "file:///etc/passwd",
  "node:fs",
  "a?b.ts",
  "a#b.ts",
  "%2e%2e/%2fetc.ts",
  "..%2f..%2fmain.ts",
  "line\nline.ts",
  "\u202egpj.ts",
  "tab\t\r.ts",
  "a\\..\\b.ts",
  "'\"`$(id).ts",
  "\uff0e\uff0e\uff0fx.ts",
  "a\u2215b.ts",
];

Deno.test("hygiene: an entry point is a file of the workspace, whatever its name could be taken for", () =>
  withService(async (bench) => {
    const { client, sessionId, rpc } = bench;
    for (const [index, path] of ODD_FILES.entries()) {
      const program = { files: [{ path, content: CONFINED }], entrypoint: path, args: ["--allow-all", "-"] };
      const oneShot = { language: "typescript", ...program };
      const doors = [
        () => client.json("POST", "/v1/executions", oneShot),
        () => client.run(sessionId, program),
        async () => (await rpc.call("execution.run", { ...oneShot, wait: true })).result,
      ];
      const answer = await doors[index % doors.length]?.();
      // What ends in no known way is JavaScript to nobody, so it may fail; it never does anything else.
      const expected = /\.[jt]s$/.test(path) ? [`${RAN} 2\n`] : ["", `${RAN} 2\n`];
      assert(expected.includes(answer.stdout), `${path}: ${JSON.stringify(answer)}`);
      assertEquals([path, answer.outcome.kind], [path, "exited"]);
    }
    await client.command(sessionId, { type: "create_directory", path: "directory" });
    const refused: readonly (readonly [entrypoint: string, code: string])[] = [
      ["main.ts\0.js", "permission_denied"],
      ["../main.ts", "permission_denied"],
      ["/etc/passwd", "permission_denied"],
      ["file\ud800.ts", "invalid_request"],
      ["directory", "invalid_request"],
      [".", "invalid_request"],
      ["missing.ts", "invalid_request"],
      ["--version", "invalid_request"],
      ["npm:cowsay", "invalid_request"],
      ["https://example.com/missing.ts", "invalid_request"],
      ["data:text/javascript,console.log(1)", "invalid_request"],
      ["n".repeat(4_097), "invalid_request"],
    ];
    for (const [entrypoint, code] of refused) {
      assertEquals([entrypoint, ...await everyDoor(bench, { entrypoint })], [entrypoint, code, code, code]);
      if (entrypoint.startsWith("-")) continue; // A flag of Deno's: of a command line, which the layers confine.
      const shell = { type: "execute_shell", command: "deno", args: ["run", entrypoint] };
      const [answer] = await everyCommandDoor(bench, shell);
      assert(answer !== "done", `deno run ${entrypoint}`);
    }
  }));

Deno.test("hygiene: an entry point that a symlink leads out is not run, at any door", () =>
  withService(async ({ client, sessionId }) => {
    const plant = `try { Deno.symlinkSync("/etc/hostname", "out.ts"); } catch (error) { console.log(error.name); }`;
    await client.run(sessionId, { code: plant });
    const { code, outcome } = await client.json("POST", `/v1/sessions/${sessionId}/executions`, {
      entrypoint: "out.ts",
    });
    assert(code === "invalid_request" || code === "permission_denied" || outcome?.exitCode !== 0);
    const archive = await makeTar([{ name: "out.ts", type: "symlink", linkname: "../../../etc/hostname" }]);
    assertEquals(await client.status("PUT", `/v1/sessions/${sessionId}/archive`, archive), 403);
  }));

/** Names that are names and nothing else, though they look like a way out, each other or the end of a line. */
const ODD_NAMES = [
  "line\nline",
  'x"\n{"level":"INFO","message":"forged"}',
  "\n\nevent: forged\ndata: {}\n\n",
  "a\r\nset-cookie: forged=1\r\n\r\n",
  "\u2215etc\u2215passwd",
  "\uff0fetc",
  "\uff0e\uff0e",
  "\uff0e\uff0e\uff0fx",
  "\u2024\u2024",
  "\u202etxt.exe",
  "caf\u00e9",
  "cafe\u0301",
  "\u200b",
  "\ufeffx",
  "%2e%2e%2fx",
  "..%2fx",
  "...",
  "a;b=c",
  "+",
  "n".repeat(255),
];

Deno.test("hygiene: file names with newlines and look-alikes are plain names of different files, through every door", () =>
  withService(async (bench) => {
    const { service, client, sessionId, rpc } = bench;
    const root = `/v1/sessions/${sessionId}`;
    for (const [index, name] of ODD_NAMES.entries()) {
      const path = `${root}/files/d/${encodeURIComponent(name)}`;
      const write = { type: "write_file", path: `d/${name}`, content: name };
      if (index % 3 === 0) assertEquals([name, await client.status("PUT", path, name)], [name, 201]);
      else if (index % 3 === 1) assertEquals((await client.command(sessionId, write)).success, true);
      else assertEquals((await rpc.call("session.execute", { sessionId, command: write })).result.success, true);
      const answer = await client.ask("GET", path);
      assertEquals([read(await answer.bytes()), answer.headers.get("set-cookie")], [name, null]);
    }
    const sorted = ODD_NAMES.toSorted();
    const namesIn = (tree: { children: { name: string }[] }) => tree.children.map(({ name }) => name).toSorted();
    const { tree } = await client.json("GET", `${root}/files?path=d&includeHidden=true`);
    assertEquals(namesIn(tree), sorted);
    const listed = await rpc.call("session.execute", {
      sessionId,
      command: { type: "list_directory", path: "d", includeHidden: true },
    });
    assertEquals(namesIn(listed.result.result.tree), sorted);
    const list = 'console.log(JSON.stringify([...Deno.readDirSync("d")].map(({ name }) => name).sort()))';
    assertEquals(JSON.parse((await client.run(sessionId, { code: list })).stdout), sorted);

    const archive = await (await client.ask("GET", `${root}/archive`)).bytes();
    const other = await client.openSession({ language: "typescript" });
    assertEquals(await client.status("PUT", `/v1/sessions/${other.id}/archive`, archive), 204);
    assertEquals(
      namesIn((await client.json("GET", `/v1/sessions/${other.id}/files?path=d&includeHidden=true`)).tree),
      sorted,
    );

    const files = ODD_NAMES.map((name) => ({ path: `d/${name}`, content: name }));
    const oneShot = await client.json("POST", "/v1/executions", { language: "typescript", code: list, files });
    assertEquals(JSON.parse(oneShot.stdout), sorted);

    for (const name of ODD_NAMES) {
      const missing = await client.ask("DELETE", `${root}/files/missing/${encodeURIComponent(name)}`);
      assertEquals([missing.status, missing.headers.get("set-cookie")], [404, null]);
      await missing.body?.cancel();
    }
    const streamed = await client.ask(
      "POST",
      `${root}/executions`,
      {
        files: ODD_NAMES.map((name) => ({ path: `e/${name}`, content: "" })),
        code: ODD_NAMES.map((name) => `console.error(new Error(${JSON.stringify(name)}))`).join("\n"),
      },
      { accept: "text/event-stream" },
    );
    const events = await Array.fromAsync(serverEvents(streamed.body ?? ReadableStream.from([])));
    assertEquals(events.map(({ event }) => event).filter((event) => event === "forged"), []);
    assertStringIncludes(events.at(-1)?.data.stderr, "forged");
    const lines = service.log().split("\n").slice(0, -1);
    assert(lines.length > ODD_NAMES.length);
    for (const line of lines) assertEquals(JSON.parse(line).message === "forged", false);
  }));

Deno.test("hygiene: paths with NULs, lone surrogates and 4,096 bytes, and those that leave, are refused by every door", () =>
  withService(async (bench) => {
    const { client, sessionId } = bench;
    const paths: readonly (readonly [path: string, code: string])[] = [
      ["a\0b", "permission_denied"],
      ["main.ts\0.js", "permission_denied"],
      ["..", "permission_denied"],
      ["a/../../x", "permission_denied"],
      ["/etc/passwd", "permission_denied"],
      ["/workspace/../etc", "permission_denied"],
      ["\ud800", "invalid_request"],
      ["a/\udfff/b", "invalid_request"],
      ["n".repeat(256), "invalid_request"],
      ["n".repeat(4_096), "invalid_request"],
      ["é".repeat(128), "invalid_request"],
      ["n/".repeat(2_048) + "n", "invalid_request"],
    ];
    for (const [path, code] of paths) {
      const commands = [
        { type: "write_file", path, content: "" },
        { type: "read_file", path },
        { type: "delete_file", path },
        { type: "create_directory", path },
        { type: "list_directory", path },
        { type: "copy_file", source: path, destination: "x" },
        { type: "move_file", source: "x", destination: path },
        { type: "diff", originalPath: path, modifiedContent: "" },
        { type: "execute_shell", command: "deno", args: ["run", path] },
        { type: "execute_shell", command: "deno", args: ["eval", "1"], workingDirectory: path },
      ];
      for (const command of commands) {
        // An argument of a program holds no NUL and is whole Unicode, whoever reads it.
        const expected = "args" in command && command.args.includes(path) && !/^[^\0\ud800-\udfff]*$/.test(path)
          ? "invalid_request"
          : code;
        assertEquals([path, command.type, ...await everyCommandDoor(bench, command)], [
          path,
          command.type,
          expected,
          expected,
        ]);
      }
      assertEquals(await everyDoor(bench, { files: [{ path, content: "" }] }), [code, code, code]);
      if (!path.isWellFormed() || path === "..") continue; // A client's own URL parser takes these away.
      const { code: given } = await client.json(
        "PUT",
        `/v1/sessions/${sessionId}/files/${encodeURIComponent(path)}`,
        "x",
      );
      assertEquals([path, given], [path, code]);
    }
    assertEquals(
      await everyDoor(bench, { files: [{ path: "d/".repeat(128) + "f", content: "" }] }),
      new Array(3).fill("too_large"),
    );
    const deep = Array.from({ length: 100 }, (_, index) => ({ path: `${"d/".repeat(127)}${index}`, content: "" }));
    assertEquals(
      (await client.json("POST", "/v1/executions", { language: "typescript", code: "1", files: deep })).exitCode,
      0,
    );
    for (const bytes of ["%ff", "%c0%ae%c0%ae%2fx", "%ed%a0%80", "%e0%80%af", "%"]) { // Overlong, surrogates, cut.
      const { code } = await client.json("GET", `/v1/sessions/${sessionId}/files/${bytes}`);
      assertEquals([bytes, code], [bytes, "invalid_request"]);
    }
    assertEquals((await client.json("GET", `/v1/sessions/${sessionId}/files?path=.`)).tree.children, []);
  }));

Deno.test("hygiene: archives with links that lead out, devices, pipes, sparse files and bombs change nothing", () =>
  withService(async ({ client, sessionId }) => {
    const root = `/v1/sessions/${sessionId}`;
    assertEquals(await client.status("PUT", `${root}/files/kept`, "kept"), 201);
    const refused: Readonly<Record<string, readonly [code: string, entries: readonly TarEntry[]]>> = {
      "a symlink out": ["permission_denied", [{ name: "l", type: "symlink", linkname: "../x" }]],
      "an absolute symlink": ["permission_denied", [{ name: "l", type: "symlink", linkname: "/etc" }]],
      "a hard link out": ["permission_denied", [{ name: "l", type: "link", linkname: "../../etc/passwd" }]],
      "a hard link to nothing of it": ["invalid_request", [{ name: "l", type: "link", linkname: "kept" }]],
      "a path out": ["permission_denied", [{ name: "a/b/../../../x" }]],
      "a path out by an attribute": ["permission_denied", [{ name: "x", pax: { path: "../x" } }]],
      "a path through a link": ["invalid_request", [{ name: "l", type: "symlink", linkname: "." }, { name: "l/x" }]],
      "a character device": ["invalid_request", [{ name: "null", type: "character-device" }]],
      "a block device": ["invalid_request", [{ name: "sda", type: "block-device" }]],
      "a pipe": ["invalid_request", [{ name: "pipe", type: "fifo" }]],
      "a sparse file": ["invalid_request", [{ name: "s", text: "x", pax: { "GNU.sparse.major": "1" } }]],
      "a sparse file by its map": ["invalid_request", [{ name: "s", text: "x", pax: { "GNU.sparse.map": "0,1" } }]],
      "a name of 4,096 bytes": ["invalid_request", [{ name: "n".repeat(4_096) }]],
      "a deep path": ["too_large", [{ name: "d/".repeat(1_000) + "f" }]],
      "many entries": ["too_large", Array.from({ length: 10_001 }, (_, index) => ({ name: `f${index}` }))],
    };
    for (const [what, [code, entries]] of Object.entries(refused)) {
      const archive = await makeTar([{ name: "harmless", text: "x" }, ...entries]);
      const answer = await client.json("PUT", `${root}/archive`, archive);
      assertEquals([what, answer.code], [what, code]);
    }
    const zeros = await makeTar([{ name: "zeros", text: "\0".repeat(80 * 1_048_576) }]);
    const packed = ReadableStream.from<BufferSource>([zeros]).pipeThrough(new CompressionStream("gzip"));
    assertEquals((await client.json("PUT", `${root}/archive`, await new Response(packed).bytes())).code, "too_large");
    const { tree } = await client.json("GET", `${root}/files?path=.`);
    assertEquals(tree.children.map(({ name }: { name: string }) => name), ["kept"]);
  }));

Deno.test("hygiene: deep and endless JSON is refused by every door that reads any", () =>
  withService(async ({ client, sessionId, rpc }) => {
    const deep = ["[".repeat(5_000_000), '{"a":'.repeat(1_000_000), `{"metadata":${"[".repeat(70)}${"]".repeat(70)}}`];
    const wide = [`[${"[],".repeat(2_000_000)}0]`, `{"files":[${"{},".repeat(2_000_000)}{}]}`];
    const paths = [
      "/v1/executions",
      "/v1/executions/exec_1/stdin",
      "/v1/runtimes/select",
      "/v1/sessions",
      `/v1/sessions/${sessionId}/executions`,
      `/v1/sessions/${sessionId}/commands`,
      "/api/execution",
    ];
    for (const path of paths) {
      for (const text of deep) {
        assertEquals([path, (await client.json("POST", path, text)).code], [path, "invalid_request"]);
      }
      for (const text of wide) assertEquals([path, (await client.json("POST", path, text)).code], [path, "too_large"]);
    }
    for (const text of deep) assertEquals((await rpc.ask(text)).error.data.code, "invalid_request");
    for (const text of wide) assertEquals((await rpc.ask(text)).error.data.code, "too_large");
    assert(Array.isArray((await rpc.call("language.list")).result.languages));
  }));

Deno.test("hygiene: a query that means nothing is refused, with the nearest name where there is one", () =>
  withService(async ({ client, sessionId }) => {
    const root = `/v1/sessions/${sessionId}`;
    const requests = [
      "POST /v1/executions",
      "GET /v1/executions/exec_1",
      "DELETE /v1/executions/exec_1",
      "POST /v1/executions/exec_1/stdin",
      "GET /v1/runtimes",
      "POST /v1/runtimes/select",
      "POST /v1/sessions",
      "GET /v1/sessions",
      `GET ${root}`,
      `DELETE ${root}`,
      `POST ${root}/executions`,
      `POST ${root}/commands`,
      `GET ${root}/files`,
      `GET ${root}/files/x`,
      `PUT ${root}/files/x`,
      `DELETE ${root}/files/x`,
      `GET ${root}/archive`,
      `PUT ${root}/archive`,
    ];
    for (const request of requests) {
      const [method = "", path = ""] = request.split(" ");
      const { code, errors } = await client.json(method, `${path}?limt=1`);
      assertEquals([request, code, errors?.[0].path], [request, "invalid_request", "limt"]);
    }
    assertStringIncludes((await client.json("GET", "/v1/sessions?limt=1")).detail, '"limit"');
  }));

Deno.test("hygiene: a body that comes too slowly is given up, and others are served", async () => {
  const app = appOf({ bodyPace: { patienceMs: 300, minBytesPerSecond: 1_000 } });
  const listener = listen({ host: "127.0.0.1", port: 0, fetch: app.fetch });
  try {
    for (
      const [framing, piece] of [["Content-Length: 1000", " "], ["Transfer-Encoding: chunked", "1\r\n \r\n"]] as const
    ) {
      using slow = await RawHttp.open(listener);
      await slow.say(requestHead("POST /v1/executions", [framing]));
      const dripping = setInterval(() => slow.say(piece), 20);
      const answer = await slow.readUntil("}");
      clearInterval(dripping);
      assertStringIncludes(answer, "400 Bad Request");
      assertStringIncludes(answer, '"code":"invalid_request"');
      assertStringIncludes(answer, "too slowly");
      assertEquals((await (await fetch(`${listener.url}/health/live`)).json()).status, "live");
    }
  } finally {
    await listener.close(() => Promise.resolve());
  }
});

Deno.test("hygiene: thousands of headers, huge ones and such as contradict each other end their connection alone", () =>
  withService(async ({ service }) => {
    const many = Array.from({ length: 5_000 }, (_, index) => `x-${index}: y`);
    const heads: Readonly<Record<string, string>> = {
      "5,000 headers": requestHead("GET /health/live", many),
      "1 MB in a header": requestHead("GET /health/live", [`x: ${"y".repeat(1_048_576)}`]),
      "1 MB of a name": requestHead("GET /health/live", [`${"x".repeat(1_048_576)}: y`]),
      "1 MB of a URL": requestHead(`GET /health/live?${"y".repeat(1_048_576)}`),
      "a NUL": requestHead("GET /health/live", ["x: a\0b"]),
      "a folded line": requestHead("GET /health/live", ["x: a\r\n b: c"]),
      "two lengths": requestHead("POST /v1/executions", ["Content-Length: 2", "Content-Length: 3"]),
      "a length and chunks": requestHead("POST /v1/executions", ["Content-Length: 2", "Transfer-Encoding: chunked"]),
      "a negative length": requestHead("POST /v1/executions", ["Content-Length: -1"]),
      "another protocol": "GET / SSH/2.0\r\n\r\n",
    };
    for (const [what, head] of Object.entries(heads)) {
      using connection = await RawHttp.open(service);
      await connection.say(head);
      const status = /^HTTP\/1\.1 (\d+)/.exec(await connection.readUntil())?.[1] ?? "closed";
      assert(["400", "414", "431", "closed"].includes(status), `${what}: ${status}`);
      assertEquals((await (await documentedFetch(`${service.url}/health/live`)).json()).status, "live");
    }
  }));

Deno.test("hygiene: no header of a client's is found in a header or a log line of the service", () =>
  withService(async ({ service, client }) => {
    for (const id of ["ok-1", "a b", 'x"}', "x".repeat(300), "ä"]) {
      const answer = await documentedFetch(`${service.url}/health/live`, {
        headers: { "x-request-id": encodeURI(id) },
      });
      await answer.body?.cancel();
      assertEquals([id, answer.headers.get("x-request-id") === id], [id, id === "ok-1"]);
    }
    for (const key of ["", " ", "a b", "é", "x".repeat(256)]) {
      const headers = { "idempotency-key": key };
      const { code } = await client.json("POST", "/v1/executions", { language: "typescript", code: "1" }, headers);
      assertEquals([key, code], [key, "invalid_request"]);
    }
    const isLogged = () => service.log().match(/"path":"\/v1\/executions","status":4\d\d.*\n/g)?.length === 5;
    await until(isLogged, "every request is logged");
    for (const line of service.log().split("\n").slice(0, -1)) assertEquals(typeof JSON.parse(line).message, "string");
  }));
