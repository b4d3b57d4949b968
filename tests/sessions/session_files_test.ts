import { assert, assertEquals, assertRejects } from "@std/assert";
import { parseSessionRequest } from "../../src/core/requests/session_request.ts";
import { CALLER } from "../support/engine_of.ts";
import { FakeEnvironment } from "../support/fake_environment.ts";
import { fakeRuntime } from "../support/fake_runtime.ts";
import { sessionsOf } from "../support/sessions_of.ts";
import { slowly } from "../support/slowly.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("Sessions.lockFile() admits one holder per file at a time, and holders of other files meanwhile", async () => {
  const environment = await FakeEnvironment.create();
  const runtime = fakeRuntime({ createEnvironment: () => Promise.resolve(environment) });
  await using sessions = sessionsOf([runtime]).sessions;
  const { id } = await sessions.create(CALLER, parseSessionRequest({ language: "typescript" }));
  const read = (path: string) => Deno.readTextFile(environment.hostPath(path));

  async function put(path: string, content: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>): Promise<void> {
    using _lock = await sessions.lockFile(CALLER, id, path);
    await sessions.files(CALLER, id).write(path, content);
  }

  const uploads = ["a", "b"].map((letter) =>
    put("f", slowly(ReadableStream.from(Array.from({ length: 20 }, () => bytes(letter.repeat(10))))))
  );
  await put("other", bytes("o"));
  assert((await sessions.files(CALLER, id).stat("f")).size < 200);
  await Promise.all(uploads);
  assertEquals(await read("f"), "b".repeat(200));

  const broken = new ReadableStream<Uint8Array>({ start: (controller) => controller.error(new Error("gone")) });
  await assertRejects(() => put("f", broken), Error, "gone");
  await put("f", bytes("c"));
  assertEquals(await read("f"), "c");
});
