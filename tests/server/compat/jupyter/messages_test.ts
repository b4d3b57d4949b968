import { assertEquals, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../../../src/core/errors.ts";
import { type Header, Message, readMessage } from "../../../../src/server/compat/jupyter/messages.ts";

const HEADER = { msg_id: "1", msg_type: "execute_request", session: "é" };
const MESSAGE = { channel: "shell", header: HEADER, content: { code: "'é'" } };

function messageOf(parent: Header = HEADER) {
  return new Message({
    ...{ channel: "shell", type: "execute_reply", session: "é" },
    content: { code: "'é'" },
    parent,
  });
}

/** A message in bytes, changed by a test. */
function binary(change: (table: DataView<ArrayBuffer>, bytes: Uint8Array<ArrayBuffer>) => void): ArrayBuffer {
  const { bytes } = messageOf();
  change(new DataView(bytes.buffer), bytes);
  return bytes.buffer;
}

function offset(index: number, value: bigint): ArrayBuffer {
  return binary((table) => table.setBigUint64(8 * index, value, true));
}

Deno.test("readMessage() reads what a message is encoded to, as bytes and as JSON", () => {
  const message = messageOf();
  const { channel, content, header } = message;
  for (const encoded of [message.bytes.buffer, message.text]) {
    const read = readMessage(encoded);
    assertEquals([read.channel, read.content, read.header], [channel, content as never, header]);
  }
  assertEquals([message.bytes === message.bytes, header.session], [true, "é"]); // Clients share the memory.
  const { buffers, msg_id, msg_type, parent_header } = JSON.parse(message.text);
  assertEquals([buffers, msg_id, msg_type, parent_header], [[], header.msg_id, "execute_reply", HEADER]);
  assertEquals(readMessage(JSON.stringify({ header: HEADER, content: {} })).channel, "shell");
});

Deno.test("readMessage() reads no bytes whose offsets lie, and no part that is not what it must be", () => {
  const wrong: readonly (readonly [data: string | ArrayBuffer, word: string])[] = [
    [new ArrayBuffer(0), "offsets"],
    [new ArrayBuffer(55), "offsets"],
    [new ArrayBuffer(56), "must be JSON"],
    [offset(1, 0n), "must be UTF-8"],
    [offset(1, 2n ** 63n), "channel"],
    [offset(3, 56n), "must be JSON"],
    [offset(6, 0n), "must be JSON"],
    [offset(2, 62n), "must be JSON"],
    [binary((_table, bytes) => bytes.fill(0xc3, bytes.length - 4, bytes.length - 3)), "must be UTF-8"],
    ["{", "must be JSON"],
    ["[]", "Must be an object"],
    [JSON.stringify({ ...MESSAGE, channel: "heart" }), "channel"],
    [JSON.stringify({ ...MESSAGE, header: {} }), "msg_id"],
    [JSON.stringify({ ...MESSAGE, header: { ...HEADER, more: "x".repeat(4_096) } }), "4096 characters"],
    [JSON.stringify({ ...MESSAGE, content: 1 }), "content"],
    ["[".repeat(1_000), "deep"],
  ];
  for (const [data, word] of wrong) assertThrows(() => readMessage(data), CodeBeakerError, word);
});
