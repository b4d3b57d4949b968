import { assertEquals, assertStringIncludes } from "@std/assert";
import { runAlone } from "../../../support/cli.ts";

Deno.test("codebeaker images names what no local image can be built for, and exits with 2", async () => {
  const unknown: [string, string][] = [["csharp", "Debian has no .NET SDK"], ["pythn", 'did you mean "python"?']];
  for (const [environment, hint] of unknown) {
    const { code, stdout, stderr } = await runAlone(["images", environment]);
    assertEquals([environment, code, stdout], [environment, 2, ""]);
    assertStringIncludes(stderr, hint);
  }
});

Deno.test("codebeaker images says where no Engine can be reached, and exits with 1", async () => {
  const { code, stdout, stderr } = await runAlone([
    "images",
    "bash",
    "--docker-host",
    "unix:///nonexistent.sock",
  ]);
  assertEquals([code, stdout], [1, ""]);
  assertStringIncludes(stderr, "/nonexistent.sock");
});

/** An Engine that has every image. */
function serveEngine(socketPath: string): { readonly asked: string[] } & AsyncDisposable {
  const asked: string[] = [];
  const server = Deno.serve({ path: socketPath, onListen: () => {} }, ({ method, url }) => {
    asked.push(`${method} ${decodeURIComponent(new URL(url).pathname)}`);
    return Response.json({ Id: "sha256:0" });
  });
  return { asked, [Symbol.asyncDispose]: () => server.shutdown() };
}

Deno.test("codebeaker images prints one line for each image that exists already, with --json as JSON", async () => {
  const directory = await Deno.makeTempDir();
  {
    await using engine = serveEngine(`${directory}/engine.sock`);
    const { code, stdout, stderr } = await runAlone([
      ...["images", "javascript", "bash", "--docker-host", `unix://${directory}/engine.sock`],
    ]);
    assertEquals([code, stderr], [0, ""]);
    const lines = stdout.trim().replaceAll(/:[0-9a-f]{12} /g, ":HASH ").split("\n").toSorted();
    assertEquals(lines, [
      "codebeaker/bash:HASH  exists already",
      "codebeaker/javascript:HASH  exists already",
      "codebeaker/sh:HASH  exists already",
      "codebeaker/typescript:HASH  exists already",
    ]);
    const json = await runAlone([
      ...["images", "node", "--json", "--docker-host", `unix://${directory}/engine.sock`],
    ]);
    const { tag, ...report } = JSON.parse(json.stdout);
    assertEquals([json.code, report, tag.split(":")[0]], [0, { kind: "present" }, "codebeaker/node"]);
    assertEquals(engine.asked.filter((line) => !line.startsWith("GET ")), []);
  }
  await Deno.remove(directory, { recursive: true });
});
