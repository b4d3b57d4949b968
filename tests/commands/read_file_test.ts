import { assert, assertEquals } from "@std/assert";
import { FakeEnvironment } from "../support/fake_environment.ts";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { runCommand } from "../support/run_command.ts";
import { ask, assertFieldsRefused, assertRefused, LIMITS_GIVEN } from "./ask.ts";

const BASE = { type: "read_file", path: "a.txt" };
const MAX_READ_BYTES = 16_777_216;

Deno.test("read_file answers with the whole file as utf8", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "d/a.txt": "grüße\n", "empty": "" });
  assertEquals(await ask(environment, { type: "read_file", path: "/workspace/d//a.txt" }), {
    path: "d/a.txt",
    content: "grüße\n",
    encoding: "utf8",
    bytes: 8,
  });
  assertEquals(await ask(environment, { type: "read_file", path: "empty" }), {
    path: "empty",
    content: "",
    encoding: "utf8",
    bytes: 0,
  });
});

Deno.test("read_file answers in base64 when told, every byte kept", async () => {
  await using environment = await FakeEnvironment.create();
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  await Deno.writeFile(environment.hostPath("a.txt"), bytes);
  assertEquals(await ask(environment, { ...BASE, encoding: "base64" }), {
    path: "a.txt",
    content: bytes.toBase64(),
    encoding: "base64",
    bytes: 256,
  });
});

Deno.test("read_file keeps a byte order mark and shows what is no utf8 as replacement characters", async () => {
  await using environment = await FakeEnvironment.create();
  await Deno.writeFile(environment.hostPath("a.txt"), Uint8Array.of(0xef, 0xbb, 0xbf, 0x61, 0xff));
  assertEquals(await ask(environment, { ...BASE, encoding: "utf8" }), {
    path: "a.txt",
    content: "\ufeffa\ufffd",
    encoding: "utf8",
    bytes: 5,
  });
});

Deno.test("read_file reads from offset, and at most length bytes", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "a.txt": "0123456789" });
  const table: [Record<string, number>, string][] = [
    [{ offset: 0 }, "0123456789"],
    [{ offset: 4 }, "456789"],
    [{ length: 3 }, "012"],
    [{ length: 99 }, "0123456789"],
    [{ offset: 4, length: 3 }, "456"],
    [{ offset: 8, length: 3 }, "89"],
    [{ length: 0 }, ""],
    [{ offset: 4, length: 0 }, ""],
    [{ offset: 10 }, ""],
    [{ offset: 99, length: 1 }, ""],
  ];
  for (const [fields, content] of table) {
    assertEquals([fields, await ask(environment, { ...BASE, ...fields })], [fields, {
      path: "a.txt",
      content,
      encoding: "utf8",
      bytes: content.length,
    }]);
  }
  assertEquals(await ask(environment, { ...BASE, encoding: "base64", offset: 1, length: 2 }), {
    path: "a.txt",
    content: "MTI=",
    encoding: "base64",
    bytes: 2,
  });
});

Deno.test("read_file reads 16 MiB at once, and more in parts only", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "a.txt": "" });
  await Deno.truncate(environment.hostPath("a.txt"), MAX_READ_BYTES + 1);
  await assertRefused(environment, { command: BASE, code: "too_large" });
  await assertRefused(environment, { command: { ...BASE, length: MAX_READ_BYTES + 1 }, code: "too_large" });
  for (const fields of [{ offset: 1 }, { length: MAX_READ_BYTES }]) {
    const answer = await ask(environment, { ...BASE, ...fields });
    assert(answer instanceof Object && "bytes" in answer);
    assertEquals(answer.bytes, MAX_READ_BYTES);
  }
});

Deno.test("read_file counts its answer on the memory of the request, and reads no further where that has no room", async () => {
  await using environment = await FakeEnvironment.create();
  const read = async (fields: Record<string, unknown>, mostBytes = Infinity) => {
    let counted = 0;
    const memory = {
      growBy(bytes: number) {
        if (counted + bytes > mostBytes) throw new CodeBeakerError("busy", "No room");
        counted += bytes;
      },
    };
    await runCommand(environment, { ...BASE, ...fields }, { limits: LIMITS_GIVEN, memory }).catch((error) => {
      if (error.code !== "busy") throw error;
      counted = -counted;
    });
    return counted;
  };
  await Deno.writeFile(environment.hostPath("a.txt"), new Uint8Array(1_000_000).fill(65));
  assertEquals([await read({}), await read({ encoding: "base64" })], [3_000_000, 3_000_000]);
  assertEquals(await read({ length: 10 }), 30);
  const refusedAt = -await read({}, 400_000);
  assert(refusedAt > 0 && refusedAt <= 400_000);
  await Deno.writeFile(environment.hostPath("a.txt"), new Uint8Array(1_000_000).fill(1));
  assertEquals(await read({}), 8_000_000); // JSON writes six characters for such a byte.
});

Deno.test("read_file follows a symlink that stays inside and refuses everything that is no file of the workspace", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "d/file": "inside" });
  await Deno.symlink("d/file", environment.hostPath("link"));
  await Deno.symlink("/etc/passwd", environment.hostPath("escape"));
  assertEquals(await ask(environment, { type: "read_file", path: "link" }), {
    path: "link",
    content: "inside",
    encoding: "utf8",
    bytes: 6,
  });
  const table = [
    ["nope", "not_found"],
    ["nope/deeper", "not_found"],
    ["d", "invalid_request"],
    ["d/file/x", "invalid_request"],
    ["../x", "permission_denied"],
    ["/etc/passwd", "permission_denied"],
    ["escape", "permission_denied"],
  ] as const;
  for (const [path, code] of table) await assertRefused(environment, { command: { ...BASE, path }, code });
});

Deno.test("read_file refuses fields that are off", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "a.txt": "text" });
  await assertFieldsRefused(environment, {
    base: BASE,
    table: [
      [{ path: undefined }, "path"],
      [{ path: "" }, "path"],
      [{ encoding: "hex" }, "encoding"],
      [{ offset: -1 }, "offset"],
      [{ offset: 0.5 }, "offset"],
      [{ offset: "1" }, "offset"],
      [{ length: -1 }, "length"],
      [{ length: 0.5 }, "length"],
      [{ limit: 1 }, "limit"],
    ],
  });
});
