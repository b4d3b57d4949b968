import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { DEFAULT_LIMITS } from "../../src/core/limits.ts";
import { create as createDenoRuntime } from "../../src/runtimes/deno/mod.ts";
import { ApiClient } from "../support/api_client.ts";
import { configFor } from "../support/docker.ts";
import { mountOwnDisk, ownDiskAvailability } from "../support/own_disk.ts";
import { openService } from "../support/own_service.ts";
import { isPresent } from "../support/requirements.ts";
import { openRuntimeHost } from "../support/runtime_host.ts";
import { makeTar } from "../support/tar.ts";
import { until } from "../support/until.ts";

const MEGABYTE = 1_048_576;
const HELLO = { language: "typescript", code: "console.log('hello')" };

Deno.test("a workspace that is full says so at every door of files, and has room again for what fits", async () => {
  await using service = await openService();
  const client = new ApiClient(service);
  const { id } = await client.openSession({ language: "typescript", limits: { diskMb: 8 } });
  const files = `/v1/sessions/${id}/files`;
  const fourMb = new Uint8Array(4 * MEGABYTE);
  assertEquals(await client.status("PUT", `${files}/first`, fourMb), 201);
  assertEquals(await client.status("PUT", `${files}/second`, fourMb), 201);
  for (
    const [path, body] of [
      [`${files}/third`, new Uint8Array(7 * MEGABYTE)],
      [`/v1/sessions/${id}/archive`, await makeTar([{ name: "third", text: "x".repeat(7 * MEGABYTE) }])],
    ] as const
  ) {
    const { status, code, detail } = await client.json("PUT", path, body);
    assertEquals([status, code], [413, "too_large"], path);
    assertStringIncludes(detail, "at most 8 MB (its limit diskMb)");
  }
  for (
    const command of [
      { type: "copy_file", source: "first", destination: "copy1" },
      { type: "copy_file", source: "first", destination: "copy2" },
    ]
  ) {
    const { success, error } = await client.command(id, command);
    if (!success) assertEquals(error?.code, "too_large");
  }
  const tree = await client.json("GET", `${files}?recursive=true`);
  const names = tree.tree.children.map(({ name }: { readonly name: string }) => name);
  assertEquals(names.includes("third"), false, "nothing of what was refused is there");
  for (const name of names.filter((name: string) => name !== "second")) {
    assertEquals(await client.status("DELETE", `${files}/${name}`), 204);
  }
  assertEquals(await client.status("PUT", `${files}/third`, fourMb), 201);
  assertEquals((await client.run(id, { code: "console.log(Deno.statSync('third').size)" })).stdout, "4194304\n");
});

Deno.test("a program runs in a workspace that its client has filled to the last byte", async () => {
  await using service = await openService();
  const client = new ApiClient(service);
  const { id } = await client.openSession({ language: "typescript", limits: { diskMb: 1 } });
  for (const bytes of [MEGABYTE, 100_000, 10_000, 1]) {
    const statuses = new Set<number>();
    for (let index = 0; !statuses.has(413); index++) {
      statuses.add(await client.status("PUT", `/v1/sessions/${id}/files/${bytes}_${index}`, new Uint8Array(bytes)));
    }
    assertEquals([...statuses].filter((status) => status !== 201), [413]);
  }
  for (const word of ["first", "second"]) {
    assertEquals((await client.run(id, { code: `console.log("${word}")` })).stdout, `${word}\n`);
  }
  const code = "for (const { name } of Deno.readDirSync('.')) if (name !== 'main.ts') Deno.removeSync(name)";
  assertEquals((await client.run(id, { code })).outcome.kind, "exited");
  assertEquals(await client.status("PUT", `/v1/sessions/${id}/files/again`, new Uint8Array(MEGABYTE)), 201);
});

Deno.test("a program of more bytes than its workspace may hold is too large, and no fault of the runtime", async () => {
  await using service = await openService();
  const client = new ApiClient(service);
  const files = [{ path: "data.bin", content: "x".repeat(8 * MEGABYTE) }];
  const request = { ...HELLO, files, limits: { diskMb: 1 } };
  for (let tries = 0; tries < 4; tries++) {
    const { status, code, detail } = await client.json("POST", "/v1/executions", request);
    assertEquals([status, code], [413, "too_large"]);
    assertStringIncludes(detail, "at most 1 MB (its limit diskMb)");
  }
  assertEquals((await client.json("POST", "/v1/executions", HELLO)).stdout, "hello\n");
});

Deno.test("a workspace whose size is only watched is full at the same bound", async () => {
  await using host = await openRuntimeHost({ without: ["tmpfs"] });
  await using runtime = createDenoRuntime(host);
  const resourceLimits = { ...DEFAULT_LIMITS, diskMb: 8 };
  await using environment = await runtime.createEnvironment(configFor("typescript", { resourceLimits }));
  const { files } = environment;
  const codes: string[] = [];
  for (let index = 0; index < 20; index++) {
    await files.write(`part${index}`, new Uint8Array(MEGABYTE)).catch(({ code }) => codes.push(code));
  }
  assert(codes.length >= 8 && codes.length <= 12, `${codes.length} of 20 were refused`);
  assertEquals(new Set(codes), new Set(["too_large"]));
  await files.copy("part0", "copy").catch(({ code }) => codes.push(code));
  await files.unpack(ReadableStream.from([await makeTar([{ name: "a", text: "x".repeat(9 * MEGABYTE) }])]))
    .catch(({ code }) => codes.push(code));
  assertEquals(codes.slice(-2), ["too_large", "too_large"]);
  for (const { path } of (await files.list(".")).children ?? []) await files.delete(path);
  await files.write("part", new Uint8Array(8 * MEGABYTE));
});

if (isPresent("mount", await ownDiskAvailability())) {
  Deno.test("disk full under the scratch directory: requests are told, the service goes on, and recovers when there is room again", async () => {
    await using disk = await mountOwnDisk(400);
    // Without the languages of this machine: the binaries of other runtimes would be copied to the disk at any moment.
    await using service = await openService({ scratch: disk.path, searchPath: [] });
    const client = new ApiClient(service);
    const { id } = await client.openSession({ language: "typescript" });
    assertEquals((await client.json("POST", "/v1/executions", HELLO)).stdout, "hello\n");
    const giveBack = await disk.fill();
    const upload = await client.json("PUT", `/v1/sessions/${id}/files/a`, new Uint8Array(MEGABYTE));
    assertEquals([upload.status, upload.code], [503, "runtime_unavailable"]);
    const refused = await client.json("POST", "/v1/executions", HELLO);
    assertEquals([refused.status, refused.code], [503, "runtime_unavailable"]);
    assert(refused.detail.length > 0);
    assertEquals((await client.run(id, { code: "console.log('in memory')" })).stdout, "in memory\n");
    assertEquals(await client.status("GET", "/health/live"), 200);
    await giveBack();
    await until(
      async () => (await client.json("POST", "/v1/executions", HELLO)).stdout === "hello\n",
      "programs run again",
    );
    assertEquals(await client.status("PUT", `/v1/sessions/${id}/files/a`, new Uint8Array(MEGABYTE)), 201);
  });
}
