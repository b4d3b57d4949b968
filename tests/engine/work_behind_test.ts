import { assertEquals } from "@std/assert";
import { delay } from "../../src/concurrency/delay.ts";
import { WorkBehind } from "../../src/engine/work_behind.ts";

Deno.test("WorkBehind does work in its order: at once without a delay, else when it is to finish or much waits", () => {
  const done: number[] = [];
  using atOnce = new WorkBehind(0);
  atOnce.add(() => done.push(0));
  assertEquals(done, [0]);
  {
    using behind = new WorkBehind(60_000);
    for (const number of [1, 2]) behind.add(() => done.push(number));
    assertEquals(done, [0]);
    behind.finish();
    assertEquals(done, [0, 1, 2]);
    for (let number = 3; number < 70; number++) behind.add(() => done.push(number));
    assertEquals(done.length, 67); // Sixty-four of them were many.
  }
  assertEquals(done, Array.from({ length: 70 }, (_, number) => number));
});

Deno.test("WorkBehind does what comes after work that fails", () => {
  const done: number[] = [];
  using behind = new WorkBehind(60_000);
  behind.add(() => {
    throw new Error("no");
  });
  behind.add(() => done.push(1));
  behind.finish();
  assertEquals(done, [1]);
});

Deno.test("WorkBehind reports nothing where expected work does not come, does it where it comes late, and leaves no timer", async () => {
  let reports = 0;
  let done = Promise.withResolvers<void>();
  using behind = new WorkBehind(1, {
    isBusy: () => reports === 0,
    onDone: () => {
      reports++;
      done.resolve();
    },
  });
  behind.expect();
  await delay(10);
  assertEquals(reports, 0);
  for (const isExpected of [true, false, true]) {
    if (isExpected) behind.expect();
    done = Promise.withResolvers();
    behind.add(() => {});
    if (isExpected) behind.expect();
    await done.promise;
  }
  assertEquals(reports, 3);
  behind.expect();
});

Deno.test("WorkBehind waits while the service is busy, four delays at most, and reports that the work is done", async () => {
  for (const { busyFor, asked } of [{ busyFor: 0, asked: 1 }, { busyFor: 2, asked: 3 }, { busyFor: 99, asked: 3 }]) {
    const seen: string[] = [];
    const done = Promise.withResolvers<void>();
    let count = 0;
    using behind = new WorkBehind(1, {
      isBusy: () => count++ < busyFor,
      onDone: () => {
        seen.push("reported");
        done.resolve();
      },
    });
    behind.add(() => seen.push("done"));
    await done.promise;
    assertEquals({ count, seen }, { count: asked, seen: ["done", "reported"] });
  }
});
