import { assertEquals, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../../../src/core/errors.ts";
import { endEnvelope, envelope, isRpc, openEnvelope } from "../../../../src/server/compat/e2b/connect.ts";

Deno.test("envelope() puts flags and length before the message, and openEnvelope() takes exactly one", () => {
  const bytes = envelope({ a: "é" });
  assertEquals([...bytes.subarray(0, 5)], [0, 0, 0, 0, 10]);
  assertEquals(openEnvelope(bytes), '{"a":"é"}');
  const others = [
    new Uint8Array(),
    bytes.subarray(0, 4),
    bytes.subarray(0, -1),
    new Uint8Array([...bytes, 0]),
    new Uint8Array([1, ...bytes.subarray(1)]),
    new Uint8Array([...bytes.subarray(0, -1), 0xff]), // Not UTF-8.
  ];
  for (const body of others) assertThrows(() => openEnvelope(body), CodeBeakerError);
});

Deno.test("endEnvelope() is the last of a stream, with or without an error", () => {
  const text = (bytes: Uint8Array) => [bytes[0], new TextDecoder().decode(bytes.subarray(5))];
  assertEquals(text(endEnvelope()), [2, "{}"]);
  assertEquals(text(endEnvelope({ code: "internal", message: "no" })), [
    2,
    '{"error":{"code":"internal","message":"no"}}',
  ]);
});

Deno.test("isRpc() knows the procedures of a sandbox", () => {
  const paths = ["/e2b/process.Process/Start", "/e2b/filesystem.Filesystem/Stat", "/e2b/files", "/process.Process/x"];
  assertEquals(paths.map(isRpc), [true, true, false, false]);
});
