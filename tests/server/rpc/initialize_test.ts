import { assertEquals } from "@std/assert";
import { VERSION } from "../../../src/core/version.ts";
import { Door } from "./door.ts";

const RUNTIMES = [
  { name: "absent", type: "Bun", available: false, environments: [{ name: "bun", available: true }] },
  { name: "first", type: "Deno", available: true, environments: [{ name: "typescript", available: true }] },
  {
    name: "second",
    type: "Docker",
    available: true,
    environments: [
      { name: "typescript", available: true },
      { name: "python", available: true },
      { name: "go", available: false },
    ],
  },
];
const engine = { describeRuntimes: () => Promise.resolve(RUNTIMES as never) };

Deno.test("initialize tells what both sides can do, and what the service can", async () => {
  await using door = new Door({ engine, limits: { maxRequests: 5 } });
  const client = await door.connect();
  const clientInfo = { name: "test", version: "1" };
  const asked = { clientInfo, protocolVersion: "9", capabilities: { streaming: true, stdin: true, fileWatch: true } };
  const { result } = await client.call("initialize", asked);
  assertEquals(result.capabilities, { streaming: true, stdin: true });
  assertEquals([result.protocolVersion, result.serverInfo], ["0.2.0", { name: "CodeBeaker", version: VERSION }]);
  const { serverCapabilities } = result;
  assertEquals(serverCapabilities.supportedLanguages, ["typescript", "python"]);
  assertEquals([serverCapabilities.stdin, serverCapabilities.supportsStreaming], [true, true]);
  assertEquals(serverCapabilities.supportsFileWatch, false);
  assertEquals(serverCapabilities.limits, { maxTimeout: 300, maxMemory: 4_096, maxConcurrency: 5 });
  assertEquals(result.warnings, undefined);
});

Deno.test("initialize names every method that there is, and no other", async () => {
  await using door = new Door();
  const client = await door.connect();
  const { result } = await client.call("initialize");
  assertEquals(result.serverCapabilities.methods.toSorted(), [
    "context.close",
    "context.create",
    "context.execute",
    "context.interrupt",
    "context.list",
    "execution.cancel",
    "execution.run",
    "execution.status",
    "execution.stdin",
    "initialize",
    "language.list",
    "runtime.list",
    "runtime.select",
    "session.close",
    "session.create",
    "session.execute",
    "session.get",
    "session.list",
    "session.update",
  ]);
  for (const method of result.serverCapabilities.methods) {
    assertEquals([method, (await client.call(method, [])).error?.code], [method, -32602]);
  }
});

Deno.test("initialize asks for nothing where nothing is said", async () => {
  await using door = new Door();
  const client = await door.connect();
  for (const params of [undefined, {}, { capabilities: {} }, { capabilities: { streaming: false } }, null]) {
    const { result } = await client.call("initialize", params);
    assertEquals(result.capabilities, { streaming: false, stdin: false });
  }
  assertEquals((await client.call("initialize", { capabilities: { streaming: "yes" } })).error?.code, -32602);
});

Deno.test("language.list names each language with the first available runtime that supports it", async () => {
  await using door = new Door({ engine });
  const client = await door.connect();
  const languages = [{ name: "typescript", runtime: "first" }, { name: "python", runtime: "second" }];
  assertEquals((await client.call("language.list")).result, { languages });
  assertEquals((await client.call("language.list", {})).result, { languages });
});

Deno.test("runtime.list and runtime.select answer as REST does", async () => {
  const selection = { chosen: null, preference: "speed", floor: 7, candidates: [] } as const;
  const asked: unknown[] = [];
  await using door = new Door({
    engine: {
      ...engine,
      select: (_caller, request) => {
        asked.push([request.language, request.preference, request.runtime]);
        return Promise.resolve(selection);
      },
    },
  });
  const client = await door.connect();
  assertEquals((await client.call("runtime.list")).result, { runtimes: RUNTIMES });
  const { result } = await client.call("runtime.select", {
    language: "ts",
    runtimePreference: "Speed",
    runtimeType: "DOCKER",
  });
  assertEquals([result, asked], [selection, [["typescript", "speed", "second"]]]);
});
