import { dirname } from "@std/path";
import { TextLineStream } from "../../../support/text_lines.ts";
import { runCode } from "../../../support/docker.ts";
import { openRuntimeHost } from "../../../support/runtime_host.ts";
import { DEFAULT_LIMITS } from "../../../../src/core/limits.ts";
import { create } from "../../../../src/runtimes/docker/mod.ts";
import type { RuntimeConfig } from "../../../../src/runtimes/port.ts";
import { Instance } from "../../../../src/host/instance.ts";

/** What a service does before it is lost: an environment is made, one program in it ends and another one goes on. */
interface Story {
  readonly home: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly config: RuntimeConfig;
  /** A program that ends. */
  readonly before: string;
  /** A program that is in the middle of something when its first line has been printed. */
  readonly during: string;
}

/** Plays a story in a process that is killed at its end; gives the id of the environment. */
export async function loseService(story: Story): Promise<string> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", "--allow-all", import.meta.url, JSON.stringify(story)],
    env: { TMPDIR: dirname(story.home) }, // It removes nothing when it is killed.
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines = process.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream()).getReader();
  try {
    const { value: id } = await lines.read();
    if (id === undefined) throw new Error("The service was lost too early");
    return id;
  } finally {
    process.kill("SIGKILL");
    await process.status;
    await lines.cancel();
  }
}

async function play({ home, settings, config, before, during }: Story): Promise<void> {
  const instance = await Instance.openLasting(home);
  const runtime = create(await openRuntimeHost({ instance, settings: { docker: settings } }));
  const environment = await runtime.createEnvironment(config);
  await runCode(environment, before);
  await environment.files.write(environment.mainFile(), new TextEncoder().encode(during));
  const program = await environment.run({ kind: "file", path: environment.mainFile(), args: [] }, {
    env: {},
    limits: DEFAULT_LIMITS,
  });
  await program.output.getReader().read();
  await Deno.stdout.write(new TextEncoder().encode(`${environment.id}\n`));
  await program.outcome;
}

if (import.meta.main) await play(JSON.parse(Deno.args[0] ?? ""));
