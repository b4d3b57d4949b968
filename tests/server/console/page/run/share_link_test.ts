import { assertEquals, assertRejects } from "@std/assert";
import { EXAMPLES } from "../../../../../src/server/console/page/run/examples.ts";
import { emptyForm } from "../../../../../src/server/console/page/run/program_form.ts";
import { packProgram, unpackProgram } from "../../../../../src/server/console/page/run/share_link.ts";

const pack = async (text: string | Uint8Array<ArrayBuffer>) => {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer()).toBase64({
    alphabet: "base64url",
    omitPadding: true,
  });
};

Deno.test("unpackProgram() reads what packProgram() packs, without variables, permissions and limits", async () => {
  for (const { form } of EXAMPLES) assertEquals(await unpackProgram(await packProgram(form) ?? ""), form);
  const form = emptyForm("python", "print('ä')");
  const secret = {
    ...form,
    env: "TOKEN=secret",
    permissions: { ...form.permissions, net: "public" as const, run: true },
    limits: { memoryMb: "4096" },
  };
  assertEquals(await unpackProgram(await packProgram(secret) ?? ""), form);
});

Deno.test("packProgram() packs no program that is too long for a link", async () => {
  const random = Array.from(crypto.getRandomValues(new Uint8Array(20_000)), (byte) => byte.toString(36)).join("");
  assertEquals(await packProgram(emptyForm("python", random)), undefined);
});

Deno.test("unpackProgram() refuses what is no program, and what grows beyond measure", async () => {
  const texts = ["", "null", "[]".slice(1), '{"code":1}', '{"files":[{"path":"a"}]}', '{"tests":[1]}', "{"];
  const packed = [
    ...await Promise.all(texts.map(pack)),
    await pack(new Uint8Array(9_000_000)),
    await pack(new Uint8Array([255, 254])),
    "%%%",
    "a".repeat(20_000),
  ];
  for (const one of packed) await assertRejects(() => unpackProgram(one), Error, "link");
  assertEquals(
    (await unpackProgram(await pack('{"preference":"no-such","isInteractive":"yes","other":1}'))).preference,
    "balanced",
  );
});
