import { join } from "@std/path";
import type { Availability } from "../../src/core/capabilities.ts";
import { openEngine } from "./docker.ts";
import { programAvailability } from "./requirements.ts";
import { until } from "./until.ts";

/** A Docker Engine of a test's own, which it may stop, kill and freeze. */
export interface OwnEngine extends AsyncDisposable {
  /** Where it listens, as `DOCKER_HOST` says it. */
  readonly host: string;
  /** Starts it again; returns when it answers. */
  start(): Promise<void>;
  /** Ends the daemon with a signal; returns when it is gone. */
  stop(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Signals the daemon and nothing else. */
  signal(signal: Deno.Signal): void;
  /** Copies an image of the Engine that the tests are given. */
  copyImage(name: string): Promise<void>;
}

/** Whether this machine and this user can have an Engine of their own. */
export async function ownEngineAvailability(): Promise<Availability> {
  if (Deno.uid() !== 0) return { available: false, reason: "only root can start a Docker Engine" };
  return await programAvailability("dockerd");
}

/** Starts an Engine with everything that is its own in a temporary directory; disposing leaves nothing of it. */
export async function startOwnEngine(settings: Readonly<Record<string, unknown>> = {}): Promise<OwnEngine> {
  const directory = await Deno.makeTempDir({ prefix: "codebeaker-dockerd-" });
  const at = (name: string) => join(directory, name);
  const host = `unix://${at("docker.sock")}`;
  await Deno.writeTextFile(at("daemon.json"), JSON.stringify(settings));
  const args = [
    ...["--config-file", at("daemon.json"), "--data-root", at("data"), "--exec-root", at("exec")],
    ...["--host", host, "--pidfile", at("pid"), "--shutdown-timeout", "3"],
    ...["--bridge=none", "--iptables=false", "--ip6tables=false", "--log-level=error"],
  ];
  // In a network namespace of its own: a daemon without a bridge removes the one that this machine's own Engine has.
  const argv = ["--net", "dockerd", ...args];
  let daemon: Deno.ChildProcess | undefined;
  const answers = () => openEngine(host).ping().then(() => true, () => false);
  async function start(): Promise<void> {
    daemon = new Deno.Command("unshare", { args: argv, stdin: "null", stdout: "null", stderr: "null" }).spawn();
    await until(answers, "the Engine answers", { timeoutMs: 60_000 });
  }
  async function stop(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    daemon?.kill(signal);
    await daemon?.status;
    daemon = undefined;
  }
  async function dispose(): Promise<void> {
    try {
      if (daemon === undefined) await start();
      daemon?.kill("SIGCONT");
      const engine = openEngine(host);
      for (const { Id } of await engine.listContainers({ all: true })) {
        await engine.getContainer(Id).remove({ force: true }).catch(() => {}); // The reaper was quicker.
      }
      await stop("SIGTERM");
    } finally {
      await endAllIn(directory);
      await Deno.remove(directory, { recursive: true });
    }
  }
  const engine: OwnEngine = {
    host,
    start,
    stop,
    signal: (signal) => daemon?.kill(signal),
    async copyImage(name) {
      const archive = await openEngine().getImage(name).get();
      const answer = await openEngine(host).loadImage(archive);
      for await (const _ of answer);
    },
    [Symbol.asyncDispose]: dispose,
  };
  try {
    await start();
    return engine;
  } catch (error) {
    await dispose().catch(() => {}); // What kept it from starting is told.
    throw error;
  }
}

/** An Engine that was killed leaves its containerd, shims and mounts; what names its directory is its own. */
async function endAllIn(directory: string): Promise<void> {
  for await (const { name } of Deno.readDir("/proc")) {
    const line = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
    if (!/^\d+$/.test(name) || !line.includes(`${directory}/`)) continue;
    try {
      Deno.kill(Number(name), "SIGKILL");
    } catch {
      // It has ended meanwhile.
    }
  }
  const mounts = (await Deno.readTextFile("/proc/mounts")).split("\n").map((line) => line.split(" ")[1] ?? "");
  for (const mount of mounts.filter((path) => path.startsWith(`${directory}/`)).toReversed()) {
    await new Deno.Command("umount", { args: ["-l", mount], stdout: "null", stderr: "null" }).output();
  }
}
