import { Buffer } from "node:buffer";
import { existsSync } from "node:fs";
import { assert } from "@std/assert";
import { dirname, join } from "@std/path";
import { delay } from "../../src/concurrency/delay.ts";
import { MEBIBYTE } from "../../src/core/limits.ts";
import { signalProcess } from "../../src/process/terminate.ts";
import type { ExecutionEnvironment } from "../../src/runtimes/port.ts";
import { containersOf, openEngine } from "../support/docker.ts";
import { PROJECT } from "../support/service_process.ts";
import type { Attack, Finding } from "./attack.ts";
import { beginningOf, type Transcript } from "./carry_out.ts";
import { isAlive, type Peak, type Pids, processesSince, runningPids } from "./host_processes.ts";
import type { Subject } from "./subjects.ts";
import type { World } from "./world.ts";

/** What the service's memory may grow by, whatever a program does: several attacks go on at a time. */
const SERVICE_MB = 384;
/** More of a file is not searched. */
const MAX_SEARCHED_BYTES = 4 * MEBIBYTE;
/** How long what was killed may take to be gone, in ms. */
const GONE_MS = 15_000;

/** Where everybody on this machine may write something, or a service's user. */
const COMMON_PLACES = [
  "/",
  "/tmp",
  "/var/tmp",
  "/dev/shm",
  "/run",
  "/etc",
  "/usr",
  PROJECT,
  Deno.env.get("HOME") ?? "/root",
];

/** What is there before an attack. */
export interface Before {
  readonly outside: string;
  readonly serviceBytes: number;
  readonly running: Pids;
}

/** Looks at everything that an attack must not change. */
export function lookBefore(world: World): Before {
  const outside = fingerprint(world.outside);
  return { outside, serviceBytes: Deno.memoryUsage().rss, running: runningPids() };
}

/** What came of an attack while its environment is still there. */
export async function findingsInside(
  attack: Attack,
  { world, transcript, directory, environment, peak }: {
    readonly world: World;
    readonly transcript: Transcript;
    /** That of the environment on this machine, where it has one. */
    readonly directory: string | undefined;
    readonly environment: ExecutionEnvironment;
    /** Undefined where nobody looked. */
    readonly peak: Peak | undefined;
  },
): Promise<Finding[]> {
  const findings = [...transcript.findings, ...findSecret(attack, world, transcript), ...findExcess(attack, peak)];
  if (directory === undefined) findings.push(...await searchArchive(world, environment));
  else findings.push(...await searchDirectory(world, directory), ...await findDiskExcess(attack, directory));
  const bytes = transcript.answers.reduce((most, answer) => Math.max(most, answer.length), 0);
  if (bytes > (attack.maxAnswerLength ?? 4 * MEBIBYTE)) {
    findings.push({ oracle: "excess", detail: `an answer takes ${bytes} bytes` });
  }
  const ended = transcript.ended?.outcome.kind ?? "nothing ran";
  if (attack.ends !== undefined && !attack.ends.includes(ended)) {
    findings.push({ oracle: "ending", detail: `${ended}: ${JSON.stringify(transcript.ended?.outcome)}` });
  }
  return findings;
}

/** What is to be seen outside when the environment is gone. */
export async function findingsOutside(
  { world, before, serviceBytes, uid, directory }: {
    readonly world: World;
    readonly before: Before;
    /** The most that the service took meanwhile. */
    readonly serviceBytes: number;
    readonly uid: number | undefined;
    readonly directory: string | undefined;
  },
): Promise<Finding[]> {
  const findings: Finding[] = world.hits.map((what) => ({ oracle: "connection", detail: what }));
  if (!isAlive(world.victim)) findings.push({ oracle: "victim", detail: `process ${world.victim} is gone` });
  const after = fingerprint(world.outside);
  if (after !== before.outside) findings.push({ oracle: "outside", detail: `${before.outside} became ${after}` });
  const places = [...COMMON_PLACES, ...(directory === undefined ? [] : [dirname(directory)])];
  for (const path of places.flatMap((place) => namesWith(world.token, place))) {
    findings.push({ oracle: "outside", detail: `${path} has come` });
    Deno.removeSync(path, { recursive: true });
  }
  findings.push(...await findProcesses({ running: before.running, token: world.token, uid }));
  if (directory !== undefined && existsSync(directory)) findings.push({ oracle: "leftover", detail: directory });
  const grownMb = (serviceBytes - before.serviceBytes) / MEBIBYTE;
  if (grownMb > SERVICE_MB) findings.push({ oracle: "service", detail: `it has grown by ${Math.round(grownMb)} MB` });
  return findings;
}

/** What no attack leaves on the machine when its subject is gone. */
export async function findingsAfterAll({ host: { instance }, scratchDirectory }: Subject): Promise<Finding[]> {
  if (scratchDirectory === undefined) {
    assert(instance !== undefined, "Containers are told apart by their instance");
    const containers = await containersOf(openEngine(), instance.id);
    return containers.map(({ Id, Names }) => ({ oracle: "leftover", detail: `container ${Names[0] ?? Id}` }));
  }
  const name = scratchDirectory.slice(scratchDirectory.lastIndexOf("/") + 1);
  const mounts = Deno.readTextFileSync("/proc/self/mountinfo").split("\n").filter((line) =>
    line.includes(name) && !line.includes(`${name}/etc `) // That is the service's, and goes with it.
  );
  const groups = await Array.fromAsync(groupsOf(name));
  return [...mounts, ...groups].map((detail) => ({ oracle: "leftover", detail }));
}

/** Groups of programs; what holds them all goes with the service. */
async function* groupsOf(name: string): AsyncGenerator<string> {
  const hierarchies = ["/sys/fs/cgroup", ...namesIn("/sys/fs/cgroup").map((child) => join("/sys/fs/cgroup", child))];
  for (const hierarchy of hierarchies) {
    const own = join(hierarchy, `codebeaker-${name}`);
    for (const { isDirectory, name: child } of await Array.fromAsync(Deno.readDir(own)).catch(() => [])) {
      if (isDirectory) yield join(own, child);
    }
  }
}

function findSecret({ reveals }: Attack, { fill, secret }: World, { answers }: Transcript): Finding[] {
  const words = reveals === undefined ? [secret] : [secret, fill(reveals)];
  return words.flatMap((word) =>
    answers.filter((answer) => answer.includes(word)).map((answer): Finding => {
      const at = answer.indexOf(word);
      return { oracle: "secret", detail: `an answer: …${answer.slice(Math.max(0, at - 200), at + 20)}` };
    })
  );
}

function findExcess({ bounds = {} }: Attack, peak: Peak | undefined): Finding[] {
  const findings: Finding[] = [];
  if (peak === undefined) return findings;
  if (bounds.memoryMb !== undefined && peak.memoryMb > bounds.memoryMb) {
    findings.push({ oracle: "excess", detail: `${Math.round(peak.memoryMb)} MB of memory` });
  }
  if (bounds.diskMb !== undefined && peak.unlinkedMb > bounds.diskMb) {
    findings.push({ oracle: "excess", detail: `${Math.round(peak.unlinkedMb)} MB in files without a name` });
  }
  if (bounds.processes !== undefined && peak.processes > bounds.processes) {
    findings.push({ oracle: "excess", detail: `${peak.processes} processes` });
  }
  return findings;
}

async function findDiskExcess({ bounds = {} }: Attack, directory: string): Promise<Finding[]> {
  if (bounds.diskMb === undefined && bounds.files === undefined) return [];
  const { bytes, files } = await usageOf(directory);
  const over = bytes > (bounds.diskMb ?? Infinity) * MEBIBYTE || files > (bounds.files ?? Infinity);
  return over ? [{ oracle: "excess", detail: `${Math.round(bytes / MEBIBYTE)} MB in ${files} files` }] : [];
}

/** What everything in a directory takes, by du(1), which counts a file of many names once. */
async function usageOf(directory: string): Promise<{ readonly bytes: number; readonly files: number }> {
  const ask = async (option: string) => {
    const { stdout } = await new Deno.Command("du", { args: ["-s", option, directory], stderr: "null" }).output();
    return Number(new TextDecoder().decode(stdout).split("\t")[0]);
  };
  return { bytes: await ask("--block-size=1"), files: await ask("--inodes") };
}

async function searchDirectory({ secret }: World, directory: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  const pending = [directory];
  const searched = new Set<number>(); // A file of many names is searched once.
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    for (const { name, isDirectory, isFile } of await Array.fromAsync(Deno.readDir(place)).catch(() => [])) {
      const path = join(place, name);
      if (isDirectory && path.length < 4_000) pending.push(path);
      if (isFile && await holds(path, { secret, searched })) findings.push({ oracle: "secret", detail: path });
    }
  }
  return findings;
}

async function holds(
  path: string,
  { secret, searched }: { readonly secret: string; readonly searched: Set<number> },
): Promise<boolean> {
  const { ino, size } = await Deno.stat(path).catch(() => ({ ino: null, size: 0 })); // It is gone.
  if (size === 0 || size > MAX_SEARCHED_BYTES || ino !== null && searched.has(ino)) return false;
  if (ino !== null) searched.add(ino);
  return Buffer.from(await Deno.readFile(path)).includes(secret);
}

async function searchArchive({ secret }: World, { files }: ExecutionEnvironment): Promise<Finding[]> {
  const text = await files.pack().then((archive) => beginningOf(archive), () => ""); // A client gets nothing either.
  return text.includes(secret) ? [{ oracle: "secret", detail: "the workspace" }] : [];
}

/** Processes that an attack has left, if they do not end within 15 s; they are killed. */
export async function findProcesses(
  { running, ...owner }: {
    /** What ran before the attack. */
    readonly running: Pids;
    /** What they carry, or else whose they are. */
    readonly token: string;
    readonly uid: number | undefined;
  },
): Promise<Finding[]> {
  const alive = () => processesSince(running, owner).filter(isAlive);
  for (const giveUpAt = performance.now() + GONE_MS; alive().length > 0 && performance.now() < giveUpAt;) {
    await delay(50);
  }
  const left = alive().filter((pid) => signalProcess(pid, "SIGKILL")); // Any may have ended since it was seen.
  return left.map((pid) => ({ oracle: "leftover", detail: `process ${pid}` }));
}

/** Everything in a directory: what it is called, its mode, its links and size, and when any of that or its content changed. */
function fingerprint(directory: string): string {
  const lines: string[] = [];
  const pending = [directory];
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    for (const name of namesIn(place).toSorted()) {
      const path = join(place, name);
      const { ctime, isDirectory, mode, nlink, size } = Deno.lstatSync(path);
      if (isDirectory) pending.push(path);
      lines.push([path, mode?.toString(8), nlink, size, ctime?.getTime()].join(" "));
    }
  }
  return lines.join("\n");
}

function namesWith(token: string, place: string): string[] {
  return namesIn(place).filter((name) => name.includes(token)).map((name) => join(place, name));
}

function namesIn(place: string): string[] {
  try {
    return [...Deno.readDirSync(place)].map(({ name }) => name);
  } catch {
    return []; // It is not there.
  }
}
