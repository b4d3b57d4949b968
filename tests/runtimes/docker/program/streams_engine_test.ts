import { assert, assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { DEFAULT_LIMITS, type Limits, MEBIBYTE } from "../../../../src/core/limits.ts";
import { CodeBeakerError } from "../../../../src/core/errors.ts";
import { configFor, dockerAvailability, type DockerUnderTest, openDocker, runCode } from "../../../support/docker.ts";
import { isPresent } from "../../../support/requirements.ts";
import { until } from "../../../support/until.ts";

const LIMITS: Limits = { ...DEFAULT_LIMITS, diskMb: 512, memoryMb: 1_024, timeoutMs: 60_000 };
const CHUNK_BYTES = 64 * 1_024;
const FILE_BYTES = 200 * MEBIBYTE;
const MAX_GROWTH_BYTES = 120 * MEBIBYTE;

/** A file that is made while it is read, with what it is made of. */
function makeContent(bytes: number): { readonly stream: ReadableStream<Uint8Array>; readonly digest: () => string } {
  const hash = createHash("sha256");
  let left = bytes;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (left === 0) return controller.close();
      const chunk = crypto.getRandomValues(new Uint8Array(Math.min(left, CHUNK_BYTES)));
      hash.update(chunk);
      left -= chunk.length;
      controller.enqueue(chunk);
    },
  }, { highWaterMark: 0 });
  return { stream, digest: () => hash.digest("hex") };
}

async function digestOf(stream: ReadableStream<Uint8Array>, onChunk: () => void): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of stream) {
    hash.update(chunk);
    onChunk();
  }
  return hash.digest("hex");
}

/** Remembers the most memory that this process has had while something was done, beyond what it had before. */
function watchMemory(): { look(): void; growth(): number } {
  const before = Deno.memoryUsage().rss;
  let most = before;
  return {
    look: () => void (most = Math.max(most, Deno.memoryUsage().rss)),
    growth: () => most - before,
  };
}

/** The command lines in the only container of a runtime, as the Engine sees them, beside its init and what keeps it. */
async function workersIn(docker: DockerUnderTest): Promise<string[]> {
  const [container] = await docker.containers();
  assert(container !== undefined);
  const { Titles, Processes } = await docker.engine.getContainer(container.Id).top();
  const column = Titles.indexOf("CMD");
  return Processes.map((columns: string[]) => columns[column] ?? "")
    .filter((line: string) => !line.includes("sleep infinity"));
}

if (isPresent("docker", await dockerAvailability("bash"))) {
  Deno.test("[docker] a file larger than this process may grow is written and read as streams", async () => {
    await using docker = await openDocker();
    await using environment = await docker.runtime.createEnvironment(configFor("bash", { resourceLimits: LIMITS }));
    const memory = watchMemory();
    const content = makeContent(FILE_BYTES);
    const timer = setInterval(memory.look, 50);
    try {
      await environment.files.write("large", content.stream);
      const digest = content.digest();
      assertEquals((await environment.files.stat("large")).size, FILE_BYTES);
      assertEquals(await digestOf(await environment.files.read("large"), memory.look), digest);
    } finally {
      clearInterval(timer);
    }
    assert(memory.growth() < MAX_GROWTH_BYTES, `grew by ${Math.round(memory.growth() / MEBIBYTE)} MB`);
  });

  Deno.test("[docker] a read that is cancelled leaves no process in the container", async () => {
    await using docker = await openDocker();
    await using environment = await docker.runtime.createEnvironment(configFor("bash", { resourceLimits: LIMITS }));
    await environment.files.write("large", makeContent(20 * MEBIBYTE).stream);
    for (const options of [{}, { offset: 10 }, { offset: 10, length: 15 * MEBIBYTE }]) {
      const reader = (await environment.files.read("large", options)).getReader();
      await reader.read();
      assertEquals((await workersIn(docker)).length > 0, true);
      await reader.cancel();
    }
    await until(async () => (await workersIn(docker)).length === 0, "nothing reads any more");
  });

  Deno.test("[docker] a write whose source fails is rejected, and the environment stays usable", async () => {
    await using docker = await openDocker();
    await using environment = await docker.runtime.createEnvironment(configFor("bash", { resourceLimits: LIMITS }));
    let chunks = 0;
    const failing = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (++chunks > 5) throw new Error("the client is gone");
        controller.enqueue(new Uint8Array(CHUNK_BYTES));
      },
    });
    await assertRejects(() => environment.files.write("part", failing), Error, "the client is gone");
    assertEquals((await runCode(environment, "echo on", { limits: LIMITS })).stdout, "on\n");
    await environment.files.write("part", new TextEncoder().encode("whole"));
    assertEquals(await new Response(await environment.files.read("part")).text(), "whole");
    await until(async () => (await workersIn(docker)).length === 0, "nothing waits for more");
  });

  Deno.test("[docker] files that do not fit in the workspace are refused as too large", async () => {
    await using docker = await openDocker();
    const resourceLimits = { ...DEFAULT_LIMITS, diskMb: 4 };
    for (const singleUse of [true, false]) {
      await using environment = await docker.runtime.createEnvironment(
        configFor("bash", { singleUse, resourceLimits }),
      );
      const fill = async () => {
        await environment.files.write("data", new Uint8Array(12 * MEBIBYTE));
        await runCode(environment, "echo never");
      };
      assertEquals((await assertRejects(fill, CodeBeakerError)).code, "too_large");
    }
    assertEquals(await docker.containers(), []);
  });

  Deno.test("[docker] a slow reader of much output slows the program down, and not this process", async () => {
    await using docker = await openDocker();
    await using environment = await docker.runtime.createEnvironment(
      configFor("bash", { singleUse: true, resourceLimits: LIMITS }),
    );
    const expected = 60_000_000;
    const code = new TextEncoder().encode(`head -c ${expected} /dev/zero`);
    await environment.files.write("main.sh", code);
    const memory = watchMemory();
    const program = await environment.run({ kind: "file", path: "main.sh", args: [] }, { env: {}, limits: LIMITS });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    memory.look();
    assert(memory.growth() < MAX_GROWTH_BYTES / 2, `grew by ${Math.round(memory.growth() / MEBIBYTE)} MB unread`);
    let seen = 0;
    let chunks = 0;
    for await (const { bytes } of program.output) {
      seen += bytes.length;
      if (++chunks % 1_000 === 0) memory.look();
    }
    assertEquals([seen, await program.outcome], [expected, { kind: "exited", exitCode: 0 }]);
    assert(memory.growth() < MAX_GROWTH_BYTES, `grew by ${Math.round(memory.growth() / MEBIBYTE)} MB`);
  });
}
