import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { DEFAULT_LIMITS, MEBIBYTE } from "../../../src/core/limits.ts";
import { type BodyBounds, bodyOf, bytesBody, textBody } from "../../../src/server/http/body.ts";
import { listen } from "../../../src/server/mod.ts";
import { ByteBudget } from "../../../src/concurrency/byte_budget.ts";
import { Uploads } from "../../../src/workspace/uploads.ts";
import { FakeEnvironment } from "../../support/fake_environment.ts";
import { fakeSessions } from "../../support/fake_ports.ts";
import { until } from "../../support/until.ts";
import { appOf } from "../support/app_of.ts";

const MAX_BODY_BYTES = 16 * MEBIBYTE;

/** A client that says each byte itself. */
interface Client extends Disposable {
  say(text: string): Promise<void>;
  /** Sends nothing more, and reads the answer to its end. */
  finish(): Promise<string>;
}

/** The whole door on a socket of this machine, over the files of one session. */
async function withDoor(
  test: (connect: () => Promise<Client>, taken: { count: number }) => Promise<void>,
  parts: { readonly requests?: ByteBudget } = {},
) {
  await using environment = await FakeEnvironment.create();
  const app = appOf({
    ...parts,
    maxBodyBytes: MAX_BODY_BYTES,
    uploads: new Uploads("/tmp"),
    sessions: fakeSessions({
      files: () => environment.files,
      lockFile: () => Promise.resolve(new DisposableStack()),
      limits: () => DEFAULT_LIMITS,
    }),
  });
  const taken = { count: 0 };
  const listener = listen({
    host: "127.0.0.1",
    port: 0,
    fetch(request, info) {
      taken.count++;
      return app.fetch(request, info);
    },
  });
  const { hostname, port } = new URL(listener.url);
  try {
    await test(async () => clientOf(await Deno.connect({ hostname, port: Number(port) })), taken);
  } finally {
    await listener.close(() => Promise.resolve());
  }
}

function clientOf(connection: Deno.TcpConn): Client {
  let isOver = false;
  return {
    async say(text) {
      const bytes = new TextEncoder().encode(text);
      for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
    },
    async finish() {
      await connection.closeWrite();
      isOver = true;
      return await new Response(connection.readable).text();
    },
    [Symbol.dispose]() {
      if (!isOver) connection.close();
    },
  };
}

function head(request: string, header: string): string {
  return `${request} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n${header}\r\n\r\n`;
}

const CUT_BODIES: readonly (readonly [what: string, text: string])[] = [
  ["a JSON body", head("POST /v1/executions", "Content-Length: 100") + '{"language"'],
  ["a JSON body in chunks", head("POST /v1/executions", "Transfer-Encoding: chunked") + "5\r\n{"],
  ["a file", head("PUT /v1/sessions/sess_1/files/a", "Content-Length: 100") + "abc"],
  ["an archive", head("PUT /v1/sessions/sess_1/archive", "Content-Length: 1024") + "\0\0\0"],
];

for (const [what, text] of CUT_BODIES) {
  Deno.test(`createApp() tells a client that ends ${what} too soon that it did, and not that the service failed`, async () => {
    await withDoor(async (connect) => {
      using client = await connect();
      await client.say(text);
      const answer = await client.finish();
      assertEquals(answer.split(" ", 2)[1], "400");
      assertStringIncludes(answer, '"code":"invalid_request"');
      assertStringIncludes(answer, "Cannot read the body as it ended early");
    });
  });
}

Deno.test("textBody() holds no memory for what a client announces and does not send", async () => {
  await withDoor(async (connect, taken) => {
    using clients = new DisposableStack();
    const before = Deno.memoryUsage().rss;
    for (let count = 1; count <= 40; count++) {
      const client = clients.use(await connect());
      await client.say(head("POST /v1/executions", `Content-Length: ${MAX_BODY_BYTES}`) + '{"language"');
      await until(() => taken.count === count, "the service has the request");
    }
    const growBuffer = Deno.memoryUsage().rss - before;
    assert(growBuffer < 100 * MEBIBYTE, `It took ${growBuffer} bytes`);
  });
});

/** The pieces of a body that were read until it was given up, and why it was. */
async function readUntilRefused(body: ReadableStream<Uint8Array>, bounds: BodyBounds) {
  const request = { raw: new Request("http://localhost/", { method: "POST", body }) };
  const seen: string[] = [];
  const error = await assertRejects(async () => {
    for await (const bytes of bodyOf(request, bounds)) seen.push(new TextDecoder().decode(bytes));
  }, CodeBeakerError);
  return { seen, error };
}

Deno.test("bodyOf() waits for a client that is slow, and gives up one that sends nothing any more", async () => {
  const pieces = Promise.withResolvers<void>();
  const body = ReadableStream.from((async function* () {
    for (const piece of ["a", "b"]) {
      await new Promise((resolve) => setTimeout(resolve, 30));
      yield new TextEncoder().encode(piece);
    }
    await pieces.promise;
  })());
  const { seen, error } = await readUntilRefused(body, { maxSilenceMs: 300 });
  assertEquals([error.code, seen], ["invalid_request", ["a", "b"]]);
  assertStringIncludes(error.message, "nothing arrived for 300 ms");
  pieces.resolve();
});

Deno.test("bodyOf() gives up a client that sends single bytes without end, and tells the source", async () => {
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (!isCancelled) controller.enqueue(new Uint8Array(1));
    },
    cancel: () => void (isCancelled = true),
  });
  const { seen, error } = await readUntilRefused(body, { patienceMs: 100, minBytesPerSecond: 1_000 });
  assertEquals([error.code, seen.length > 0, isCancelled], ["invalid_request", true, true]);
  assertStringIncludes(error.message, "it arrived too slowly");
  await new Promise((resolve) => setTimeout(resolve, 20)); // The source was asked for another piece by then.
});

Deno.test("bodyOf() lets what comes buy time, and counts none that its reader takes for itself", async () => {
  const body = ReadableStream.from((async function* () {
    for (let count = 0; count < 8; count++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      yield new Uint8Array(1_000_000);
    }
  })());
  const request = { raw: new Request("http://localhost/", { method: "POST", body }) };
  let size = 0;
  for await (const bytes of bodyOf(request, { patienceMs: 5_000, minBytesPerSecond: 1 })) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    size += bytes.length;
  }
  assertEquals(size, 8_000_000);
});

Deno.test("bodyOf() reads no more than it may, also where nobody told how long the body is", async () => {
  const body = ReadableStream.from(["abc", "def", "g"].map((text) => new TextEncoder().encode(text)));
  const { seen, error } = await readUntilRefused(body, { maxBytes: 6 });
  assertEquals([error.code, seen], ["too_large", ["abc", "def"]]);
});

/** A request of 100,000 bytes in ten pieces, and how many of them were asked for. */
function requestInPieces(headers: Record<string, string>) {
  const asked = { pieces: 0 };
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(new Uint8Array(10_000).fill(0x78));
      if (++asked.pieces === 10) controller.close();
    },
  }, { highWaterMark: 0 });
  return { asked, raw: new Request("http://localhost/", { method: "POST", body, headers }) };
}

Deno.test("textBody() holds what is announced before anything is read, and what is not as it comes", async () => {
  const budget = new ByteBudget({ maxBytes: 80_000, maxOwnerBytes: 80_000 });
  for (const [headers, pieces] of [[{ "content-length": "100000" }, 0], [{}, 3]] as const) {
    using lease = budget.lease("a");
    const { asked, raw } = requestInPieces(headers);
    const error = await assertRejects(() => textBody({ raw }, { lease }), CodeBeakerError);
    assertEquals([error.code, asked.pieces], ["too_large", pieces]);
  }
  assertEquals(budget.heldBytes, 0);
});

Deno.test("createApp() gives back what a request held when it is answered, and what a client held that is gone", async () => {
  const requests = new ByteBudget({ maxBytes: 4 * MAX_BODY_BYTES, maxOwnerBytes: 4 * MAX_BODY_BYTES });
  await withDoor(async (connect) => {
    const clients = await Promise.all(Array.from({ length: 4 }, connect));
    for (const client of clients) {
      await client.say(head("POST /v1/executions", `Content-Length: ${MAX_BODY_BYTES}`) + '{"language"');
    }
    await until(() => requests.heldBytes === 4 * MAX_BODY_BYTES, "all of it is held");
    using late = await connect();
    await late.say(head("POST /v1/executions", `Content-Length: ${MAX_BODY_BYTES}`));
    const refused = await late.finish();
    assertEquals(refused.split(" ", 2)[1], "429");
    assertStringIncludes(refused.toLowerCase(), "retry-after: 1");
    for (const client of clients) client[Symbol.dispose]();
    await until(() => requests.heldBytes === 0, "it is given back");
    using invalid = await connect();
    await invalid.say(head("POST /v1/executions", "Content-Length: 2") + "{}");
    assertEquals((await invalid.finish()).split(" ", 2)[1], "400");
    assertEquals(requests.heldBytes, 0);
  }, { requests });
});

Deno.test("textBody() joins the pieces of a text, also those of one character, and refuses one that is not whole", async () => {
  const bytes = new TextEncoder().encode("{ ä€ }");
  const read = (...pieces: Uint8Array<ArrayBuffer>[]) =>
    textBody({
      raw: new Request("http://localhost", { method: "POST", body: ReadableStream.from(pieces) }),
    }, { lease: { growTo: () => {} } });
  assertEquals(await read(), "");
  assertEquals(await read(bytes), "{ ä€ }");
  assertEquals(await read(...Array.from(bytes, (byte) => new Uint8Array([byte]))), "{ ä€ }");
  const { code } = await assertRejects(() => read(bytes.slice(0, 3)), CodeBeakerError);
  assertEquals(code, "invalid_request");
});

Deno.test("textBody() takes a character that replaces others as it is sent, and refuses bytes that it would replace", async () => {
  const read = (body: Uint8Array<ArrayBuffer>) =>
    textBody({
      raw: new Request("http://localhost", { method: "POST", body, headers: { "content-length": `${body.length}` } }),
    }, { lease: { growTo: () => {} } });
  const bytes = new TextEncoder().encode("{ \ufffd€ }");
  assertEquals(await read(bytes), "{ \ufffd€ }");
  for (const broken of [bytes.slice(0, 3), bytes.slice(0, 6), new Uint8Array([0xff])]) {
    const { code } = await assertRejects(() => read(broken), CodeBeakerError);
    assertEquals(code, "invalid_request");
  }
});

Deno.test("bytesBody() joins the pieces of a body, whether its length is declared or not", async () => {
  const whole = new TextEncoder().encode("0123456789");
  for (const headers of [{}, { "content-length": "10" }]) {
    const body = ReadableStream.from([whole.slice(0, 1), whole.slice(1, 8), whole.slice(8)]);
    const raw = new Request("http://localhost", { method: "POST", body, headers });
    assertEquals(await bytesBody({ raw }, { lease: { growTo: () => {} } }), whole);
  }
});
