import { assert, assertEquals, assertRejects } from "@std/assert";
import { CodeBeakerError, type ErrorCode } from "../../../../src/core/errors.ts";
import type { VisitedEntry } from "../../../../src/core/files.ts";
import type { Container, RunningCommand } from "../../../../src/runtimes/docker/container/container.ts";
import { ContainerFiles } from "../../../../src/runtimes/docker/files/container_files.ts";

/** Files in a container whose operations print this text, and then succeed or fail. */
function filesThatAnswer(
  text: string,
  { hasSucceeded = true }: { readonly hasSucceeded?: boolean } = {},
): ContainerFiles {
  const command: RunningCommand = {
    stdout: (async function* () {
      yield await Promise.resolve(new TextEncoder().encode(text));
    })(),
    fed: Promise.resolve(),
    sourceFailure: () => undefined,
    hasSucceeded: () => Promise.resolve(hasSucceeded),
  };
  const container = { run: () => Promise.resolve(command) } as unknown as Container;
  return new ContainerFiles((operate) => operate(container, () => {}));
}

async function codeOf(work: Promise<unknown>): Promise<ErrorCode> {
  return (await assertRejects(() => work, CodeBeakerError)).code;
}

Deno.test("ContainerFiles distinguishes a container that ends during an operation from an answer", async () => {
  const entry = "//81a4 5 1700000000.0 /workspace/f\n";
  assertEquals((await filesThatAnswer(`ok\n${entry}`).stat("f")).size, 5);
  assertEquals(await codeOf(filesThatAnswer("ok\n").stat("f")), "runtime_unavailable");
  assertEquals(await codeOf(filesThatAnswer("").stat("f")), "runtime_unavailable");
  const tree = "ok\n//41c0 40 1700000000.0 .\n//81a4 5 1700000000.0 ./f\n";
  assertEquals((await filesThatAnswer(tree).list(".")).children?.length, 1);
  assertEquals(await codeOf(filesThatAnswer(tree, { hasSucceeded: false }).list(".")), "runtime_unavailable");
  const read: unknown[] = [];
  const frames = filesThatAnswer("ok\n3\na\nb0\nEFBIG\nENXIO\n7\ncut");
  const reading = frames.readFiles(["a", "b", "c", "d", "e"], {
    maxBytes: 9,
    onFile(reading) {
      if ("bytes" in reading) read.push([reading.path, new TextDecoder().decode(reading.bytes)]);
      else read.push([reading.path, reading.error instanceof CodeBeakerError ? reading.error.code : reading.error]);
    },
  });
  assertEquals([await codeOf(reading), read], ["runtime_unavailable", [
    ...[["a", "a\nb"], ["b", ""]],
    ...[["c", "too_large"], ["d", "invalid_request"]],
  ]]);
  const visited: VisitedEntry[] = [];
  const onEntry = (entry: VisitedEntry) => visited.push(entry);
  await filesThatAnswer(tree).visit("d", { onEntry });
  assertEquals(visited.map(({ path, size }) => [path, size]), [["d/f", 5]]);
  assertEquals(
    await codeOf(filesThatAnswer(tree, { hasSucceeded: false }).visit(".", { onEntry })),
    "runtime_unavailable",
  );
});

Deno.test("ContainerFiles.readFiles() collects no more bytes than it asks for, whatever size a program forges", async () => {
  const files = filesThatAnswer(`ok\n10\n${"x".repeat(10)}`);
  const onFile = () => assert(false, "The file must not be read");
  assertEquals(await codeOf(files.readFiles(["a"], { maxBytes: 9, onFile })), "conflict");
});

Deno.test("ContainerFiles gives runtime_unavailable for the Engine's own message, and the file's error for an errno", async () => {
  const engine = "OCI runtime exec failed: exec failed: unable to start container process: read init-p: reset\r\n";
  assertEquals(await codeOf(filesThatAnswer(engine).stat("f")), "runtime_unavailable");
  assertEquals(await codeOf(filesThatAnswer("ENOENT\n").stat("f")), "not_found");
});
