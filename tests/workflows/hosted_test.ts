import { assertEquals, assertMatch } from "@std/assert";
import { VERSION } from "../../src/core/version.ts";
import { documentedFetch } from "../support/documented.ts";
import { PROJECT } from "../support/service_process.ts";
import { withoutProjectVariables } from "../support/variables.ts";
import { TextLineStream } from "../support/text_lines.ts";
import { until } from "../support/until.ts";

interface Hosted extends AsyncDisposable {
  readonly url: string;
  output(): string;
  readonly process: Deno.ChildProcess;
}

/** `deno serve main.ts`, with the permissions that a host grants. */
async function serveHosted(permissions: readonly string[], env: Record<string, string> = {}): Promise<Hosted> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["serve", "--no-prompt", "--host", "127.0.0.1", "--port", "0", ...permissions, "main.ts"],
    cwd: PROJECT,
    clearEnv: true,
    env: { ...withoutProjectVariables(), NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let output = "";
  const listening = Promise.withResolvers<string>();
  const timer = setTimeout(() => process.kill("SIGKILL"), 60_000);
  const reading = [process.stdout, process.stderr].map(async (stream) => {
    for await (const line of stream.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())) {
      output += `${line}\n`;
      const url = /listens on (http:\S+?),/.exec(line)?.[1];
      if (url !== undefined) listening.resolve(url);
    }
  });
  const stopped = process.status.then(() => listening.reject(new Error(`It did not listen: ${output}`)));
  listening.promise.catch(() => {});
  const url = await listening.promise;
  clearTimeout(timer);
  return {
    url,
    output: () => output,
    process,
    async [Symbol.asyncDispose]() {
      try {
        process.kill("SIGTERM");
      } catch {
        // The test has ended it already.
      }
      await Promise.all([stopped, ...reading]);
    },
  };
}

Deno.test("deno serve main.ts runs programs, starts no command line and leaves nothing behind", async () => {
  const scratch = await Deno.makeTempDir();
  {
    await using hosted = await serveHosted(["--allow-all"], { CODEBEAKER_SCRATCH: scratch });
    const response = await documentedFetch(`${hosted.url}/v1/executions`, {
      method: "POST",
      body: '{"language":"ts","code":"console.log(1)"}',
    });
    assertEquals([response.status, (await response.json()).stdout], [200, "1\n"]);
    hosted.process.kill("SIGTERM");
    assertEquals((await hosted.process.status).code, 0);
    await hosted[Symbol.asyncDispose](); // All that it has printed is read.
    assertEquals(hosted.output().includes("Usage:"), false);
  }
  assertEquals(await Array.fromAsync(Deno.readDir(scratch)), []);
  await Deno.remove(scratch);
});

Deno.test("deno serve main.ts without processes, files or variables serves, and says what is unavailable and why", async () => {
  await using hosted = await serveHosted(["--allow-net"]);
  assertEquals(await (await documentedFetch(`${hosted.url}/health/live`)).json(), { status: "live", version: VERSION });
  const ready = await documentedFetch(`${hosted.url}/health/ready`);
  const { runtimes } = await ready.json();
  assertEquals([ready.status, runtimes[0].name, runtimes[0].available], [503, "deno", false]);
  assertMatch(runtimes[0].reason, /temporary directory/);
  const refused = await documentedFetch(`${hosted.url}/v1/executions`, {
    method: "POST",
    body: '{"language":"ts","code":"1"}',
  });
  assertEquals([refused.status, (await refused.json()).code], [503, "runtime_unavailable"]);
  await until(() => hosted.output().includes("deno (unavailable: "), "every runtime has answered");
});
