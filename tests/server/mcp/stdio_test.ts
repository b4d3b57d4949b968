import { assertEquals, assertRejects } from "@std/assert";
import { PassThrough } from "node:stream";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { bridgeStdio } from "../../../src/server/mcp/stdio.ts";

function connect() {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const { signal } = new AbortController();
  const send = () => Promise.reject(new Error("not expected"));
  return { input, ended: bridgeStdio(send, { signal, input, output, maxBytes: 1_000 }) };
}

Deno.test("bridgeStdio() fails on a message over the bound, and says so", async () => {
  const { ended, input } = connect();
  input.write("x".repeat(1_001));
  const error = await assertRejects(() => ended, CodeBeakerError, "its connection failed");
  assertEquals(error.code, "too_large");
});

Deno.test("bridgeStdio() passes over what is no message, and returns when its client has closed its end", async () => {
  const { ended, input } = connect();
  input.write("garbage\n");
  await new Promise((resolve) => setTimeout(resolve, 0));
  input.end();
  await ended;
});
