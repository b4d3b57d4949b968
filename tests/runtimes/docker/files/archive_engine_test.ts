import { assert, assertEquals, assertRejects } from "@std/assert";
import { CodeBeakerError } from "../../../../src/core/errors.ts";
import { DEFAULT_LIMITS, MEBIBYTE } from "../../../../src/core/limits.ts";
import type { ExecutionEnvironment } from "../../../../src/runtimes/port.ts";
import { configFor, dockerAvailability, type DockerUnderTest, openDocker, runCode } from "../../../support/docker.ts";
import { isPresent } from "../../../support/requirements.ts";
import { readTar, tarStream } from "../../../support/tar.ts";
import { until } from "../../../support/until.ts";

const LIMITS = { ...DEFAULT_LIMITS, diskMb: 200, memoryMb: 512 };
const LARGE_MB = 180;
const MAX_GROWTH_BYTES = 150 * MEBIBYTE;

async function withEnvironment(
  test: (environment: ExecutionEnvironment, docker: DockerUnderTest) => Promise<void>,
): Promise<void> {
  await using docker = await openDocker();
  await using environment = await docker.runtime.createEnvironment(configFor("bash", { resourceLimits: LIMITS }));
  await test(environment, docker);
}

async function plant(environment: ExecutionEnvironment, script: string): Promise<void> {
  const { exitCode, stderr } = await runCode(environment, script, { limits: LIMITS });
  assertEquals([exitCode, stderr], [0, ""]);
  await environment.files.delete(environment.mainFile());
}

/** Whether tar is at work in the only container of a runtime. */
async function isPacking(docker: DockerUnderTest): Promise<boolean> {
  const [container] = await docker.containers();
  assert(container !== undefined);
  const { Titles, Processes } = await docker.engine.getContainer(container.Id).top();
  const column = Titles.indexOf("CMD");
  return Processes.some((columns: string[]) => /^(tar|find) /.test(columns[column] ?? ""));
}

if (isPresent("docker", await dockerAvailability("bash"))) {
  Deno.test("[docker] pack() and unpack() hold no file in memory", () =>
    withEnvironment(async (environment) => {
      await plant(environment, `head -c ${LARGE_MB}M /dev/zero > large`);
      const before = Deno.memoryUsage().rss;
      let most = before;
      const look = () => void (most = Math.max(most, Deno.memoryUsage().rss));
      const timer = setInterval(look, 20);
      try {
        const packed = (await environment.files.pack()).pipeThrough(
          new TransformStream<Uint8Array, Uint8Array>({
            transform(bytes, controller) {
              look();
              controller.enqueue(bytes);
            },
          }),
        );
        await withEnvironment(async (other) => {
          await other.files.unpack(packed);
          assertEquals((await other.files.stat("large")).size, LARGE_MB * MEBIBYTE);
        });
      } finally {
        clearInterval(timer);
      }
      assert(most - before < MAX_GROWTH_BYTES, `grew by ${Math.round((most - before) / MEBIBYTE)} MB`);
    }));

  Deno.test("[docker] pack() that is cancelled leaves no process in the container", () =>
    withEnvironment(async (environment, docker) => {
      await plant(environment, `head -c ${LARGE_MB}M /dev/zero > large`);
      for (const chunks of [0, 1, 50]) {
        const reader = (await environment.files.pack()).getReader();
        for (let count = 0; count < chunks; count++) await reader.read();
        await until(() => isPacking(docker), "something packs");
        await reader.cancel();
        await until(async () => !await isPacking(docker), "nothing packs any more");
      }
    }));

  Deno.test("[docker] pack() refuses what its user may not read, before it has packed anything", () =>
    withEnvironment(async (environment) => {
      for (const script of ["echo x > f; chmod 0 f", "mkdir d; chmod 0 d"]) {
        await plant(environment, script);
        const { code } = await assertRejects(() => environment.files.pack(), CodeBeakerError);
        assertEquals([script, code], [script, "permission_denied"]);
        await plant(environment, "chmod 700 f d 2>/dev/null; rm -rf f d");
      }
    }));

  Deno.test("[docker] pack() leaves out what has a name that is not UTF-8", () =>
    withEnvironment(async (environment) => {
      await plant(environment, `echo x > "$(printf 'caf\\351')"; echo y > good`);
      assertEquals(await readTar(await environment.files.pack()), ["./good file y"]);
    }));

  Deno.test("[docker] pack() beside a program that ends whatever packs is no whole archive", () =>
    withEnvironment(async (environment) => {
      await plant(environment, `head -c ${LARGE_MB}M /dev/zero > large`);
      const reader = (await environment.files.pack()).getReader();
      await reader.read();
      const killer = "for p in /proc/[0-9]*; do grep -q ^tar $p/comm && kill -9 ${p#/proc/}; done 2>/dev/null; true";
      assertEquals((await runCode(environment, killer, { limits: LIMITS })).exitCode, 0);
      async function readOn(): Promise<void> {
        for (let isOver = false; !isOver;) isOver = (await reader.read()).done;
      }
      assertEquals((await assertRejects(readOn, CodeBeakerError)).code, "conflict");
      await (await environment.files.pack()).cancel();
    }));

  Deno.test("[docker] unpack() of more than the workspace takes is too large, and the workspace stays usable", () =>
    withEnvironment(async (environment) => {
      const entries = Array.from({ length: 5 }, (_, index) => ({ name: `f${index}`, text: "x".repeat(50 * MEBIBYTE) }));
      const archive = await tarStream(entries);
      assertEquals((await assertRejects(() => environment.files.unpack(archive), CodeBeakerError)).code, "too_large");
      for (const { name } of entries.slice(0, 2)) await environment.files.delete(name);
      assertEquals((await runCode(environment, "echo on", { limits: LIMITS })).stdout, "on\n");
    }));

  Deno.test("[docker] unpack() through a link that leads out stays in the container", () =>
    withEnvironment(async (environment) => {
      const marker = `codebeaker-${crypto.randomUUID()}`;
      await plant(environment, "ln -s /tmp out");
      await environment.files.unpack(await tarStream([{ name: `out/${marker}`, text: "x" }])).catch(() => {}); // Either way.
      await assertRejects(() => Deno.lstat(`/tmp/${marker}`), Deno.errors.NotFound);
    }));
}
