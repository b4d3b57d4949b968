import { assert, assertEquals } from "@std/assert";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { except } from "hono/combine";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { DEFAULT_LIMITS, MEBIBYTE } from "../../../src/core/limits.ts";
import type { AppEnv } from "../../../src/server/http/app_env.ts";
import { sendProblem } from "../../../src/server/http/problem.ts";
import { fileRoutes, isUpload } from "../../../src/server/routes/files.ts";
import { Uploads } from "../../../src/workspace/uploads.ts";
import { FakeEnvironment } from "../../support/fake_environment.ts";
import { fakeSessions, TESTER } from "../../support/fake_ports.ts";
import { runCommand } from "../../support/run_command.ts";
import { inPieces, makeTar, readTar, tarStream } from "../../support/tar.ts";
import { KeyedQueue } from "../../../src/concurrency/keyed_queue.ts";
import { until } from "../../support/until.ts";

const MAX_BODY_BYTES = 100;
const ROOT = "/v1/sessions/sess_1";

interface Bench {
  readonly environment: FakeEnvironment;
  readonly door: Hono<AppEnv>;
  /** Asks the door in process: `METHOD path-below-the-session`. */
  ask(request: string, options?: { body?: BodyInit; headers?: HeadersInit }): Promise<Response>;
}

/** The routes of files over the real files of one session, `sess_1`, with a disk of 1 MB. */
async function withDoor(test: (bench: Bench) => Promise<void>): Promise<void> {
  await using environment = await FakeEnvironment.create();
  const uploads = new Uploads("/tmp");
  const queue = new KeyedQueue();
  function check(id: string): void {
    if (id !== "sess_1") throw new CodeBeakerError("not_found", "Cannot find the session");
  }
  const sessions = fakeSessions({
    files(caller, id) {
      assertEquals(caller, TESTER);
      check(id);
      return environment.files;
    },
    lockFile: (_, __, path) => queue.acquire(path),
    limits(_, id) {
      check(id);
      return { ...DEFAULT_LIMITS, diskMb: 1 };
    },
    async command(_, id, command) {
      check(id);
      return { success: true, result: await runCommand(environment, command, { limits: DEFAULT_LIMITS }) };
    },
  });
  const door = new Hono<AppEnv>();
  door.use(async (context, next) => {
    context.set("requestId", "request-1");
    context.set("caller", TESTER);
    await next();
  });
  door.use(except((context) => isUpload(context.req), bodyLimit({ maxSize: MAX_BODY_BYTES })));
  door.route("/", fileRoutes(sessions, { uploads }));
  door.onError((error, context) => sendProblem(context, error));
  const ask: Bench["ask"] = async (request, options = {}) => {
    const at = request.indexOf(" ");
    return await door.request(`http://localhost${ROOT}${request.slice(at + 1)}`, {
      method: request.slice(0, at),
      ...options,
    });
  };
  await test({ environment, door, ask });
}

/** Asks and gives the status, and the code of a problem. */
async function codeOf(answer: Promise<Response>): Promise<string> {
  const response = await answer;
  const text = await response.text();
  return text === "" ? String(response.status) : `${response.status} ${JSON.parse(text).code}`;
}

async function withServer(
  bench: Bench,
  test: (server: { readonly url: string; readonly port: number }) => Promise<void>,
) {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, bench.door.fetch);
  try {
    await test({ url: `http://127.0.0.1:${server.addr.port}${ROOT}`, port: server.addr.port });
  } finally {
    await server.shutdown();
  }
}

/** Sends a request line as it stands; gives the status line and the body. */
async function sendRaw(port: number, target: string): Promise<{ readonly status: number; readonly body: string }> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const request = `GET ${ROOT}/files/${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
  await connection.write(new TextEncoder().encode(request));
  const answer = new TextDecoder().decode((await Array.fromAsync(connection.readable)).reduce(
    (all, bytes) => new Uint8Array([...all, ...bytes]),
    new Uint8Array(),
  ));
  const [head = "", body = ""] = answer.split("\r\n\r\n", 2);
  return { status: Number(head.split(" ")[1]), body };
}

Deno.test("PUT, GET, HEAD and DELETE of a file move its raw bytes", () =>
  withDoor(async ({ environment, ask }) => {
    const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => index);
    assertEquals((await ask("PUT /files/a/b.bin", { body: bytes })).status, 201);
    assertEquals((await ask("PUT /files/a/b.bin", { body: bytes })).status, 204);
    const got = await ask("GET /files/a/b.bin");
    assertEquals([got.status, await got.bytes()], [200, bytes]);
    const head = await ask("HEAD /files/a/b.bin");
    assertEquals([head.status, head.headers.get("content-length"), await head.text()], [200, "70000", ""]);
    assertEquals((await ask("DELETE /files/a/b.bin")).status, 204);
    assertEquals(await codeOf(ask("GET /files/a/b.bin")), "404 not_found");
    assertEquals((await ask("HEAD /files/a/b.bin")).status, 404);
    assertEquals((await ask("PUT /files/empty")).status, 201);
    assertEquals(await environment.paths(), ["a/", "empty"]);
    assertEquals(await (await ask("GET /files/empty")).text(), "");
  }));

Deno.test("GET of a file is nothing that a browser shows or runs", () =>
  withDoor(async ({ environment, ask }) => {
    await environment.fill({ 'd/ü\'s "page".html': "<script>alert(1)</script>" });
    const { headers, body } = await ask("GET /files/d/%C3%BC's%20%22page%22.html");
    await body?.cancel();
    assertEquals(
      ["content-type", "x-content-type-options", "content-disposition", "content-security-policy"].map((name) =>
        headers.get(name)
      ),
      [
        "application/octet-stream",
        "nosniff",
        "attachment; filename*=UTF-8''%C3%BC%27s%20%22page%22.html",
        "sandbox; default-src 'none'",
      ],
    );
    assertEquals([headers.get("accept-ranges"), headers.get("content-length")], ["bytes", "25"]);
  }));

Deno.test("GET with a range gives that part, and the whole for what is no single range of bytes", () =>
  withDoor(async ({ environment, ask }) => {
    await environment.fill({ f: "0123456789" });
    const get = async (range: string, more: Record<string, string> = {}) => {
      const response = await ask("GET /files/f", { headers: { range, ...more } });
      return [response.status, response.headers.get("content-range"), await response.text()];
    };
    for (
      const [range, from, to] of [
        ["bytes=0-3", 0, 3],
        ["bytes=4-", 4, 9],
        ["bytes=9-99", 9, 9],
        ["bytes=-3", 7, 9],
        ["bytes=-99", 0, 9],
        ["Bytes=2-2", 2, 2],
      ] as const
    ) {
      assertEquals([range, ...await get(range)], [
        range,
        206,
        `bytes ${from}-${to}/10`,
        "0123456789".slice(from, to + 1),
      ]);
    }
    for (const range of ["bytes=0-1,4-5", "bytes=x", "bytes", "lines=0-1", "bytes=5-2x", "bytes=", ""]) {
      assertEquals([range, ...await get(range)], [range, 200, null, "0123456789"]);
    }
    for (const range of ["bytes=10-", "bytes=99-100", "bytes=-0"]) {
      assertEquals([range, ...await get(range)], [range, 416, "bytes */10", ""]);
    }
    const { headers } = await ask("HEAD /files/f", { headers: { range: "bytes=0-1" } });
    assertEquals(headers.get("content-length"), "10");
    const etag = headers.get("etag") ?? "";
    assertEquals((await get("bytes=0-1", { "if-range": etag }))[0], 206);
    assertEquals((await get("bytes=0-1", { "if-range": headers.get("last-modified") ?? "" }))[0], 206);
    assertEquals((await get("bytes=0-1", { "if-range": '"other"' }))[0], 200);
    assertEquals((await get("bytes=0-1", { "if-range": `W/${etag}` }))[0], 200);
  }));

Deno.test("GET answers 304 to whoever has the file already", () =>
  withDoor(async ({ environment, ask }) => {
    await environment.fill({ f: "text" });
    const { headers } = await ask("HEAD /files/f");
    const [etag = "", modified = ""] = ["etag", "last-modified"].map((name) => headers.get(name) ?? "");
    const statusOf = async (headers: Record<string, string>, method = "GET") => {
      const response = await ask(`${method} /files/f`, { headers });
      assertEquals((await response.text()) === "", response.status === 304 || method === "HEAD");
      return response.status;
    };
    for (const known of [etag, `W/${etag}`, `"x", ${etag}`, "*"]) {
      assertEquals([known, await statusOf({ "if-none-match": known })], [known, 304]);
      assertEquals(await statusOf({ "if-none-match": known }, "HEAD"), 304);
    }
    assertEquals(await statusOf({ "if-modified-since": modified }), 304);
    assertEquals(await statusOf({ "if-none-match": '"x"', "if-modified-since": modified }), 200);
    assertEquals(await statusOf({ "if-modified-since": "Thu, 01 Jan 1970 00:00:00 GMT" }), 200);
    assertEquals(await statusOf({ "if-modified-since": "no date" }), 200);
    await environment.fill({ f: "longer text" });
    assertEquals(await statusOf({ "if-none-match": etag }), 200);
    assertEquals(await codeOf(ask("GET /files/f", { headers: { "if-match": etag } })), "409 conflict");
  }));

Deno.test("PUT and DELETE change only what If-Match and If-None-Match let them", () =>
  withDoor(async ({ environment, ask }) => {
    await environment.fill({ f: "kept" });
    const etag = (await ask("HEAD /files/f")).headers.get("etag") ?? "";
    const conditions: [string, HeadersInit][] = [
      ["PUT /files/f", { "if-none-match": "*" }],
      ["PUT /files/f", { "if-none-match": etag }],
      ["PUT /files/f", { "if-match": '"other"' }],
      ["PUT /files/new", { "if-match": "*" }],
      ["DELETE /files/f", { "if-match": '"other"' }],
      ["DELETE /files/f", { "if-none-match": "*" }],
      ["DELETE /files/new", { "if-match": "*" }],
    ];
    for (const [request, headers] of conditions) {
      const body = request.startsWith("PUT") ? { body: "new" } : {};
      assertEquals([request, await codeOf(ask(request, { headers, ...body }))], [request, "409 conflict"]);
    }
    assertEquals([await environment.paths(), await (await ask("GET /files/f")).text()], [["f"], "kept"]);
    assertEquals((await ask("PUT /files/new", { headers: { "if-none-match": "*" }, body: "n" })).status, 201);
    assertEquals((await ask("PUT /files/f", { headers: { "if-match": etag }, body: "changed" })).status, 204);
    assertEquals((await ask("DELETE /files/new", { headers: { "if-match": "*" } })).status, 204);
  }));

Deno.test("PUT holds to its conditions when all has come: what changed meanwhile is kept", () =>
  withDoor(async ({ environment, ask }) => {
    await environment.fill({ f: "first" });
    const etag = (await ask("HEAD /files/f")).headers.get("etag") ?? "";
    for (const [path, headers] of [["f", { "if-match": etag }], ["new", { "if-none-match": "*" }]] as const) {
      const begun = Promise.withResolvers<void>();
      const rest = Promise.withResolvers<void>();
      const body = ReadableStream.from((async function* () {
        yield new TextEncoder().encode("late ");
        begun.resolve();
        await rest.promise;
        yield new TextEncoder().encode("upload");
      })());
      const slow = codeOf(ask(`PUT /files/${path}`, { headers, body }));
      await begun.promise;
      await ask(`PUT /files/${path}`, { body: "another's" });
      rest.resolve();
      assertEquals([await slow, await (await ask(`GET /files/${path}`)).text()], ["409 conflict", "another's"]);
    }
  }));

Deno.test("of two that change the same state of a file at a time, one does, and the other is told", () =>
  withDoor(async ({ environment, ask }) => {
    await environment.fill({ f: "first" });
    const headers = { "if-match": (await ask("HEAD /files/f")).headers.get("etag") ?? "" };
    const stat = environment.files.stat.bind(environment.files);
    environment.files.stat = async (...asked) => {
      const found = await stat(...asked);
      await new Promise((resolve) => setTimeout(resolve, 20));
      return found;
    };
    const puts = ["second", "another"].map((body) => codeOf(ask("PUT /files/f", { headers, body })));
    assertEquals((await Promise.all(puts)).toSorted(), ["204", "409 conflict"]);
  }));

Deno.test("a path in a URL is decoded once, and what leaves the workspace is refused", () =>
  withDoor(async (bench) => {
    const { environment, ask } = bench;
    const names = ["a b", "%41", "a?b", "a#b", "line\nline", "ü😀", "a;b=c&d", "+", "..."];
    for (const name of names) {
      const path = `d/${encodeURIComponent(name)}`;
      assertEquals([name, (await ask(`PUT /files/${path}`, { body: name })).status], [name, 201]);
      assertEquals(await (await ask(`GET /files/${path}`)).text(), name);
    }
    assertEquals(await environment.paths("d/"), names.map((name) => `d/${name}`).toSorted());
    assertEquals(await (await ask("GET /files/d%2F%2541")).text(), "%41");
    await Deno.writeTextFile(environment.hostPath("../secret"), "secret");
    await withServer(bench, async ({ port }) => {
      for (
        const target of [
          "..%2Fsecret",
          "../secret",
          "%2e%2e/secret",
          "d/../../secret",
          "/etc/passwd",
          "%2Fetc/passwd",
          "a%00b",
        ]
      ) {
        const { status, body } = await sendRaw(port, target);
        assertEquals([target, status, JSON.parse(body).code], [target, 403, "permission_denied"]);
      }
      for (const target of ["%ff", "%", "%zz", "a%80", "d/a%20b?x=1"]) {
        const { status, body } = await sendRaw(port, target);
        assertEquals([target, status, JSON.parse(body).code], [target, 400, "invalid_request"]);
      }
      for (const target of ["d/a%20b", "./d/./a%20b", "d//a%20b", "/workspace/d/a%20b", "d/a%20b#y"]) {
        assertEquals([target, await sendRaw(port, target)], [target, { status: 200, body: "a b" }]);
      }
    });
    await Deno.remove(environment.hostPath("../secret"));
  }));

Deno.test("a path is read right where the words before it are escaped too", () =>
  withDoor(async ({ environment, door }) => {
    const at = (path: string) => `http://localhost/${path}`;
    await door.request(at("%761/sessions/sess_1/%66iles/d/a%20b"), { method: "PUT", body: "text" });
    assertEquals(await environment.paths("d/"), ["d/a b"]);
    const read = await door.request(at("v1/%73essions/sess_1/file%73/d/%61%20b"));
    assertEquals([read.status, await read.text()], [200, "text"]);
    const tree = await door.request(at("v1/sessions/sess_1/%66iles"));
    assertEquals([tree.status, (await tree.json()).tree.path], [200, "."]);
  }));

Deno.test("a link that leads out of the workspace is refused by every method", () =>
  withDoor(async ({ environment, ask }) => {
    await Deno.symlink("/etc/passwd", environment.hostPath("out"));
    await Deno.symlink("/etc", environment.hostPath("way"));
    for (const request of ["GET /files/out", "GET /files/way/passwd", "DELETE /files/way/passwd"]) {
      assertEquals([request, await codeOf(ask(request))], [request, "403 permission_denied"]);
    }
    for (const path of ["out", "way/x"]) {
      assertEquals([path, await codeOf(ask(`PUT /files/${path}`, { body: "x" }))], [path, "403 permission_denied"]);
    }
    assertEquals(await codeOf(ask("GET /files?path=way")), "403 permission_denied");
    assertEquals((await ask("DELETE /files/out")).status, 204);
  }));

Deno.test("a directory is no file, and says where its tree is", () =>
  withDoor(async ({ environment, ask }) => {
    await environment.fill({ "d/f": "f" });
    for (const path of ["d", "d/", "."]) {
      const problem = await (await ask(`GET /files/${path}`)).json().catch(() => ({ code: "not_found" }));
      if (path === ".") continue; // A URL with it is the tree's own.
      assertEquals([problem.code, problem.detail.includes("/v1/sessions/{id}/files?path=")], ["invalid_request", true]);
    }
    assertEquals(await codeOf(ask("PUT /files/d", { body: "x" })), "400 invalid_request");
    assertEquals(await codeOf(ask("PUT /files/d/f/g", { body: "x" })), "400 invalid_request");
    assertEquals(await codeOf(ask("DELETE /files/d")), "409 conflict");
    assertEquals(await codeOf(ask("DELETE /files/d?recursive=yes")), "400 invalid_request");
    assertEquals(await codeOf(ask("DELETE /files/d?recursiv=true")), "400 invalid_request");
    assertEquals((await ask("DELETE /files/d?recursive=true")).status, 204);
    assertEquals(await environment.paths(), []);
  }));

Deno.test("GET of files gives the tree as the command does", () =>
  withDoor(async ({ environment, ask }) => {
    await environment.fill({ "a.ts": "1", "d/b.ts": "22", "d/e/c.txt": "3", ".hidden": "" });
    const shape = (entry: { path: string; children?: { path: string }[] }): unknown =>
      entry.children === undefined ? entry.path : { [entry.path]: entry.children.map(shape) };
    const tree = async (query: string) => shape((await (await ask(`GET /files${query}`)).json()).tree);
    assertEquals(await tree(""), { ".": ["a.ts", { d: ["d/b.ts", { "d/e": ["d/e/c.txt"] }] }] });
    assertEquals(await tree("?path=d&recursive=false"), { d: ["d/b.ts", "d/e"] });
    assertEquals(await tree("?includeHidden=true&maxDepth=1"), { ".": [".hidden", "a.ts", "d"] });
    assertEquals(await tree("?pattern=*.txt"), { ".": [{ d: [{ "d/e": ["d/e/c.txt"] }] }] });
    for (
      const query of [
        "?recursive=1",
        "?maxDepth=-1",
        "?maxDepth=x",
        "?type=execute_shell",
        "?path=a&path=b",
        "?depth=1",
      ]
    ) {
      assertEquals([query, await codeOf(ask(`GET /files${query}`))], [query, "400 invalid_request"]);
    }
    assertEquals(await codeOf(ask("GET /files?path=../x")), "403 permission_denied");
    assertEquals(await codeOf(ask("GET /files?path=nope")), "404 not_found");
  }));

Deno.test("the archive of a session goes down and up as a tar stream", () =>
  withDoor(async ({ environment, ask }) => {
    await environment.fill({ "a": "1", "d/b": "2" });
    const down = await ask("GET /archive");
    assertEquals([down.headers.get("content-type"), down.headers.get("content-disposition")], [
      "application/x-tar",
      "attachment; filename*=UTF-8''sess_1.tar",
    ]);
    const archive = await down.bytes();
    assertEquals(await readTar(inPieces(archive)), ["./a file 1", "./d/ directory", "./d/b file 2"]);
    assertEquals(await (await ask("HEAD /archive")).text(), "");
    await ask("DELETE /files/d?recursive=true");
    await environment.fill({ a: "changed", kept: "kept" });
    assertEquals((await ask("PUT /archive", { body: archive })).status, 204);
    assertEquals(await environment.paths(), ["a", "d/", "d/b", "kept"]);
    assertEquals(await (await ask("GET /files/a")).text(), "1");
    const gzip = inPieces(archive).pipeThrough(
      new TransformStream<Uint8Array, BufferSource>({
        transform: (bytes, controller) => controller.enqueue(bytes.slice()),
      }),
    ).pipeThrough(new CompressionStream("gzip"));
    const headers = { "content-encoding": "gzip" };
    assertEquals((await ask("PUT /archive", { body: await new Response(gzip).bytes(), headers })).status, 204);
  }));

Deno.test("an archive that does harm leaves nothing of it in the workspace", () =>
  withDoor(async ({ environment, ask }) => {
    await environment.fill({ f: "kept" });
    const good = { name: "good", text: "good" };
    const put = async (entry: { readonly name: string }) =>
      await codeOf(ask("PUT /archive", { body: await makeTar([good, entry]) }));
    assertEquals(await put({ name: "../x" }), "403 permission_denied");
    assertEquals(await put({ name: "l", ...{ type: "symlink", linkname: "/etc" } }), "403 permission_denied");
    assertEquals(await put({ name: "p", ...{ type: "fifo" } }), "400 invalid_request");
    assertEquals(await put({ name: "f", ...{ text: "x".repeat(MEBIBYTE) } }), "413 too_large");
    assertEquals(await codeOf(ask("PUT /archive", { body: "no archive" })), "400 invalid_request");
    assertEquals(await codeOf(ask("PUT /archive")), "400 invalid_request");
    assertEquals([await environment.paths(), await (await ask("GET /files/f")).text()], [["f"], "kept"]);
  }));

Deno.test("an upload may be larger than other bodies, and not larger than the session's disk", () =>
  withDoor(async ({ environment, ask }) => {
    const stream = (bytes: number) => inPieces(new Uint8Array(bytes));
    assertEquals((await ask("PUT /files/f", { body: stream(MEBIBYTE) })).status, 201);
    assertEquals(await codeOf(ask("PUT /files/g", { body: stream(MEBIBYTE + 1) })), "413 too_large");
    const headers = { "content-length": String(MEBIBYTE + 1) };
    assertEquals(await codeOf(ask("PUT /files/g", { body: "x", headers })), "413 too_large");
    assertEquals(await environment.paths(), ["f"]);
    assertEquals(
      ["PUT /files/x", "PUT /files/line\nline", "PUT /archive"].map((request) => {
        const [method = "", path = ""] = request.split(" ");
        return isUpload({ method, path: `${ROOT}${path}` });
      }),
      [true, true, true],
    );
    for (
      const [method, path] of [["POST", "/files/x"], ["PUT", "/files"], ["PUT", "/archive/x"], [
        "PUT",
        "/executions",
      ]] as const
    ) {
      assertEquals([path, isUpload({ method, path: `${ROOT}${path}` })], [path, false]);
    }
  }));

Deno.test("a body with a coding, or a part of a file, is refused", () =>
  withDoor(async ({ environment, ask }) => {
    for (const headers of [{ "content-encoding": "gzip" }, { "content-range": "bytes 0-1/2" }]) {
      assertEquals(await codeOf(ask("PUT /files/f", { body: "xx", headers })), "400 invalid_request");
    }
    assertEquals((await ask("PUT /files/f", { body: "xx", headers: { "content-encoding": "identity" } })).status, 201);
    assertEquals(await environment.paths(), ["f"]);
  }));

Deno.test("the files of a session that is not the caller's are not found, whatever is asked", () =>
  withDoor(async ({ door }) => {
    for (const request of ["GET files/f", "PUT files/f", "DELETE files/f", "GET files", "GET archive", "PUT archive"]) {
      const [method = "", path] = request.split(" ");
      const init = method === "PUT" ? { method, body: await makeTar([{ name: "f" }]) } : { method };
      assertEquals([request, await codeOf(Promise.resolve(door.request(`/v1/sessions/other/${path}`, init)))], [
        request,
        "404 not_found",
      ]);
    }
  }));

Deno.test("a client that vanishes while it sends leaves what was there", () =>
  withDoor(async (bench) => {
    const { environment } = bench;
    await environment.fill({ f: "whole" });
    const archive = await Array.fromAsync(
      await tarStream([{ name: "f", text: "x".repeat(100_000) }], { pieceBytes: 8_192 }),
    );
    await withServer(bench, async ({ url }) => {
      for (const [path, pieces] of [["files/f", [new Uint8Array(10_000)]], ["archive", archive.slice(0, 4)]] as const) {
        const leaving = new AbortController();
        const body = new ReadableStream<Uint8Array>({
          start: (controller) => pieces.forEach((bytes) => controller.enqueue(bytes)),
          pull: () => new Promise((resolve) => setTimeout(resolve, 50)).then(() => leaving.abort()),
        }, { highWaterMark: 0 });
        const sent = fetch(`${url}/${path}`, { method: "PUT", body, signal: leaving.signal });
        assertEquals([path, await sent.then(() => "answered", () => "left")], [path, "left"]);
      }
    });
    assertEquals([await environment.paths(), await Deno.readTextFile(environment.hostPath("f"))], [["f"], "whole"]);
  }));

Deno.test("a client that stops reading a download releases everything", () =>
  withDoor(async (bench) => {
    const { environment } = bench;
    await environment.fill({ f: "" });
    await Deno.truncate(environment.hostPath("f"), 200_000_000);
    const descriptors = () =>
      [...Deno.readDirSync("/proc/self/fd")].filter(({ name }) => {
        try {
          return Deno.readLinkSync(`/proc/self/fd/${name}`).startsWith(environment.hostPath("").replace(/\/$/, ""));
        } catch {
          return false;
        }
      }).length;
    await withServer(bench, async ({ url }) => {
      for (const path of ["files/f", "files/f#part", "archive"]) {
        const leaving = new AbortController();
        const headers: HeadersInit = path.endsWith("part") ? { range: "bytes=100-" } : {};
        const response = await fetch(`${url}/${path}`, { signal: leaving.signal, headers });
        const reader = response.body?.getReader();
        await reader?.read();
        assert(descriptors() > 0);
        leaving.abort();
        await reader?.read().catch(() => {}); // It was aborted.
        await until(() => descriptors() === 0, `nothing of ${path} is open any more`);
      }
    });
  }));
