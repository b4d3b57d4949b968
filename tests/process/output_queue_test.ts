import { assertEquals } from "@std/assert";
import { settlesAtOnce } from "../../src/concurrency/delay.ts";
import { OutputQueue } from "../../src/process/output_queue.ts";

function chunk(byte: number) {
  return { stream: "stdout", bytes: Uint8Array.of(byte) } as const;
}

Deno.test("OutputQueue has room again when its reader has taken enough, or when its bound is removed", async () => {
  const queue = new OutputQueue({ maxWaiting: 2 });
  for (const byte of [1, 2]) queue.push(chunk(byte));
  const room = queue.waitForRoom();
  assertEquals(await settlesAtOnce(room), false);
  assertEquals((await queue.read()).value, chunk(1));
  await room;
  queue.push(chunk(3));
  const later = queue.waitForRoom();
  assertEquals(await settlesAtOnce(later), false);
  queue.removeBound();
  await later;
});

Deno.test("OutputQueue gives what it has after it is closed, and takes nothing more", async () => {
  const queue = new OutputQueue();
  const early = queue.read();
  queue.push(chunk(1));
  queue.push(chunk(2));
  queue.close();
  queue.push(chunk(3));
  assertEquals([(await early).value, ...await Array.fromAsync(queue)], [chunk(1), chunk(2)]);
  assertEquals(await queue.read(), { done: true });
});

Deno.test("OutputQueue drops what it has once it is cancelled, lets its writer go on, and ends its reader", async () => {
  let cancelled = 0;
  const onCancel = () => void cancelled++;
  const queue = new OutputQueue({ onCancel });
  queue.push(chunk(1));
  const room = queue.waitForRoom();
  for (const _ of [1, 2]) await queue.cancel();
  await room;
  assertEquals([cancelled, await queue.read()], [1, { done: true }]);
  const asked = new OutputQueue();
  const read = asked.read();
  await asked.cancel();
  assertEquals(await read, { done: true });
});

Deno.test("OutputQueue is cancelled by a loop that breaks, and not after it is closed", async () => {
  const cancelled: string[] = [];
  const left = new OutputQueue({ onCancel: () => void cancelled.push("left") });
  left.push(chunk(1));
  for await (const _ of left) break;
  const closed = new OutputQueue({ onCancel: () => void cancelled.push("closed") });
  closed.close();
  await closed.cancel();
  assertEquals(cancelled, ["left"]);
});
