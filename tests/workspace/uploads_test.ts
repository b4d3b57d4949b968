import { assertEquals, assertRejects } from "@std/assert";
import { CodeBeakerError, type ErrorCode } from "../../src/core/errors.ts";
import { Uploads } from "../../src/workspace/uploads.ts";
import { inPieces, makeTar, readTar } from "../support/tar.ts";

const LIMIT = { tenant: "one", maxBytes: 10 };
const OTHER = { ...LIMIT, tenant: "other" };

async function withUploads(test: (uploads: Uploads) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(new Uploads(directory));
    assertEquals([...Deno.readDirSync(directory)], []);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function bytes(text: string): ReadableStream<Uint8Array> {
  return inPieces(new TextEncoder().encode(text), 3);
}

async function assertRefused(code: ErrorCode, take: () => Promise<unknown>): Promise<void> {
  assertEquals((await assertRejects(take, CodeBeakerError)).code, code);
}

Deno.test("Uploads keeps a file until it is disposed of, and gives it as often as it is asked", () =>
  withUploads(async (uploads) => {
    for (const text of ["", "0123456789"]) {
      using upload = await uploads.receiveFile(bytes(text), LIMIT);
      assertEquals(await new Response(upload.stream()).text(), text);
      assertEquals(await new Response(upload.stream()).text(), text);
    }
  }));

Deno.test("Uploads refuses a file as soon as it is too large, and takes no more of it", () =>
  withUploads(async (uploads) => {
    let isCancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(4)),
      cancel: () => void (isCancelled = true),
    });
    await assertRefused("too_large", () => uploads.receiveFile(endless, LIMIT));
    assertEquals(isCancelled, true);
  }));

Deno.test("Uploads tells what its source fails with", () =>
  withUploads(async (uploads) => {
    const failing = () =>
      new ReadableStream<Uint8Array>({ pull: () => Promise.reject(new TypeError("the client is gone")) });
    await assertRejects(() => uploads.receiveFile(failing(), LIMIT), TypeError, "the client is gone");
    await assertRejects(() => uploads.receiveArchive(failing(), LIMIT), TypeError, "the client is gone");
  }));

Deno.test("Uploads gives an archive that has been checked", () =>
  withUploads(async (uploads) => {
    using upload = await uploads.receiveArchive(inPieces(await makeTar([{ name: "f", text: "text" }])), LIMIT);
    assertEquals(await readTar(upload.stream()), ["./f file text"]);
    await assertRefused("permission_denied", async () =>
      await uploads.receiveArchive(inPieces(await makeTar([{ name: "../f" }])), LIMIT));
  }));

Deno.test("Uploads takes 32 at a time, half of them one tenant's, failed ones not among them", () =>
  withUploads(async (uploads) => {
    for (let round = 0; round < 40; round++) {
      await assertRefused("too_large", () => uploads.receiveFile(bytes("01234567890"), LIMIT));
    }
    using taken = new DisposableStack();
    for (let count = 0; count < 16; count++) taken.use(await uploads.receiveFile(bytes("x"), LIMIT));
    const late = bytes("x");
    await assertRefused("busy", () => uploads.receiveFile(late, LIMIT));
    assertEquals(await Array.fromAsync(late), []);
    for (let count = 0; count < 16; count++) taken.use(await uploads.receiveFile(bytes("x"), OTHER));
    await assertRefused("busy", () => uploads.receiveFile(bytes("x"), { ...LIMIT, tenant: "third" }));
    taken.dispose();
    using next = await uploads.receiveFile(bytes("next"), LIMIT);
    assertEquals(await new Response(next.stream()).text(), "next");
  }));

Deno.test("Uploads without a directory takes nothing", async () => {
  const uploads = new Uploads(undefined);
  await assertRefused("runtime_unavailable", () => uploads.receiveFile(bytes("x"), LIMIT));
  await assertRefused("runtime_unavailable", () => uploads.receiveArchive(bytes("x"), LIMIT));
});
