import { assertEquals, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../../../src/core/errors.ts";
import {
  BINARY_PROTOCOL,
  type Message,
  readMessage,
  writeMessage,
} from "../../../../src/server/compat/jupyter/messages.ts";

const HEADER = { msg_id: "1", msg_type: "execute_request", session: "é" };
const MESSAGE: Message = {
  ...{ channel: "shell", header: HEADER, parent_header: {}, metadata: {} },
  content: { code: "'é'" },
};

/** A message in bytes, changed by a test. */
function binary(change: (table: DataView<ArrayBuffer>, bytes: Uint8Array<ArrayBuffer>) => void): ArrayBuffer {
  const bytes = writeMessage({ ...MESSAGE }, BINARY_PROTOCOL) as Uint8Array<ArrayBuffer>;
  change(new DataView(bytes.buffer), bytes);
  return bytes.buffer;
}

function offset(index: number, value: bigint): ArrayBuffer {
  return binary((table) => table.setBigUint64(8 * index, value, true));
}

Deno.test("readMessage() reads what writeMessage() writes, as bytes and as JSON", () => {
  const { parent_header: _parent, metadata: _metadata, ...expected } = MESSAGE;
  for (const protocol of [BINARY_PROTOCOL, undefined]) {
    const written = writeMessage(MESSAGE, protocol);
    assertEquals(writeMessage(MESSAGE, protocol) === written, true); // Clients share the memory.
    const { channel, content, header } = readMessage(typeof written === "string" ? written : written.buffer, protocol);
    assertEquals({ channel, content, header }, expected as never);
  }
  const { buffers, msg_id, msg_type } = JSON.parse(String(writeMessage(MESSAGE, undefined)));
  assertEquals([buffers, msg_id, msg_type], [[], "1", "execute_request"]);
  assertEquals(readMessage(JSON.stringify({ header: HEADER, content: {} }), undefined).channel, "shell");
});

Deno.test("readMessage() reads no bytes whose offsets lie, and no part that is not what it must be", () => {
  const [json, length] = [JSON.stringify(MESSAGE), binary(() => {}).byteLength];
  const wrong: readonly (readonly [data: unknown, protocol: string | undefined, word: string])[] = [
    [json, BINARY_PROTOCOL, "must be bytes"],
    [binary(() => {}), undefined, "must be text"],
    [new ArrayBuffer(0), BINARY_PROTOCOL, "offsets"],
    [new ArrayBuffer(7), BINARY_PROTOCOL, "offsets"],
    [new ArrayBuffer(8), BINARY_PROTOCOL, "offsets"],
    [offset(0, 5n), BINARY_PROTOCOL, "offsets"],
    [offset(0, 2n ** 64n - 1n), BINARY_PROTOCOL, "offsets"],
    [offset(0, 500n), BINARY_PROTOCOL, "offsets"],
    [offset(1, 0n), BINARY_PROTOCOL, "must rise"],
    [offset(1, 2n ** 63n), BINARY_PROTOCOL, "must rise"],
    [offset(3, 56n), BINARY_PROTOCOL, "must rise"],
    [offset(6, BigInt(length + 1)), BINARY_PROTOCOL, "must rise"],
    [offset(2, 62n), BINARY_PROTOCOL, "must be JSON"],
    [binary((_table, bytes) => bytes.fill(0xc3, bytes.length - 4, bytes.length - 3)), BINARY_PROTOCOL, "must be UTF-8"],
    ["{", undefined, "must be JSON"],
    ["[]", undefined, "expected object"],
    [JSON.stringify({ ...MESSAGE, channel: "heart" }), undefined, "channel"],
    [JSON.stringify({ ...MESSAGE, header: {} }), undefined, "msg_id"],
    [JSON.stringify({ ...MESSAGE, header: { ...HEADER, more: "x".repeat(4_096) } }), undefined, "4096 characters"],
    [JSON.stringify({ ...MESSAGE, content: 1 }), undefined, "content"],
    ["[".repeat(1_000), undefined, "deep"],
  ];
  for (const [data, protocol, word] of wrong) {
    assertThrows(() => readMessage(data, protocol), CodeBeakerError, word);
  }
});
