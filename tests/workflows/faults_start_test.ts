import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { ApiClient } from "../support/api_client.ts";
import { DOCKER_HOST, dockerAvailability } from "../support/docker.ts";
import { FootprintWatch, NOTHING } from "../support/footprint.ts";
import { type Places, startIn, withPlaces } from "../support/places.ts";
import { isPresent, programAvailability } from "../support/requirements.ts";
import type { ServiceProcess } from "../support/service_process.ts";
import { isSpareLauncher } from "../support/spare_launcher.ts";
import { TALK, type TinyProgram, writeTinyProgram } from "../support/tiny_program.ts";
import { until } from "../support/until.ts";

const HELLO = { language: "typescript", code: "console.log('hello')" };
const FAILURES_TO_OPEN = 3;
/** What was made ready while all was well would serve on. */
const COLD = ["--warm-max", "0"] as const;

/** What a client is told of each, in place of a program's end. */
const FAULTS: Readonly<Record<TinyProgram, string>> = {
  exits: "ended before it was ready",
  crashes: "ended before it was ready",
  talks: TALK,
  hangs: "was not ready after",
};

/** A binary of a test's own that is Deno, and becomes something else when it is told to. */
interface FaultyBinary {
  readonly path: string;
  become(program: TinyProgram | "deno"): Promise<void>;
}

async function makeBinary({ scratch }: Places): Promise<FaultyBinary> {
  const directory = join(scratch, "bin");
  await Deno.mkdir(directory, { mode: 0o711 });
  const path = join(directory, "deno");
  const next = join(directory, "next");
  const become: FaultyBinary["become"] = async (program) => {
    if (program === "deno") await Deno.link(Deno.execPath(), next).catch(() => Deno.copyFile(Deno.execPath(), next));
    else await writeTinyProgram(next, program);
    await Deno.rename(next, path);
  };
  await become("deno");
  return { path, become };
}

/** Requests are told why no program starts, then that the runtime is left out, and when to come again. */
async function checkRefused(service: ServiceProcess, why: string): Promise<void> {
  const client = new ApiClient(service);
  const refused = await Promise.all(
    Array.from({ length: FAILURES_TO_OPEN }, () => client.json("POST", "/v1/executions", HELLO)),
  );
  for (const { status, code, attempts } of refused) {
    assertEquals([status, code, attempts.length], [503, "runtime_unavailable", 1]);
    assertStringIncludes(attempts[0].error, why);
  }
  let left = await client.json("POST", "/v1/executions", HELLO);
  const isLeftOut = async () => {
    if (left.selection.chosen === null) return true;
    left = await client.json("POST", "/v1/executions", HELLO); // The pause was over: it is longer after each failure.
    return false;
  };
  await until(isLeftOut, "the runtime is left out");
  assertEquals([left.status, left.code], [503, "runtime_unavailable"]);
  assert(left.retryAfterMs > 0);
  assertStringIncludes(left.selection.candidates[0].rejectedBecause.detail, "consecutive failures");
}

async function checkRecovered(service: ServiceProcess): Promise<void> {
  const client = new ApiClient(service);
  await until(
    async () => (await client.json("POST", "/v1/executions", HELLO)).stdout === "hello\n",
    "programs run again",
  );
}

/** Whether no program is left; the launcher of the next one may wait. */
async function runsNothing(watch: FootprintWatch): Promise<boolean> {
  return (await watch.look()).processes.every(isSpareLauncher);
}

async function checkFault(places: Places, fault: TinyProgram): Promise<void> {
  const binary = await makeBinary(places);
  const watch = new FootprintWatch(places.scratch);
  {
    await using service = await startIn(places, ["--deno-binary", binary.path, ...COLD]);
    watch.learn(service.process.pid);
    await checkRecovered(service);
    await binary.become(fault);
    await checkRefused(service, FAULTS[fault]);
    await until(async () => await runsNothing(watch), "nothing of it runs");
    // What programs find as `/etc` is the service's.
    const own = new RegExp(`${places.scratch}/codebeaker-[^/ ]+/etc `);
    await until(async () => (await watch.look()).mounts.every((line) => own.test(line)), "nothing of it is mounted");
    await binary.become("deno");
    await checkRecovered(service);
  }
  await Deno.remove(join(places.scratch, "bin"), { recursive: true });
  assertEquals(await watch.look(), NOTHING, fault);
}

const OWN_MOUNTS = ["/usr/bin/unshare", "--mount", "--propagation", "private"] as const;
const BUBBLEWRAP = "/usr/bin/bwrap";

/** Starts a service that finds a file of the test's own as bubblewrap. */
function withLauncher(path: string): string[] {
  return [...OWN_MOUNTS, "/bin/sh", "-c", `/usr/bin/mount --bind "${path}" ${BUBBLEWRAP} && exec "$@"`, "sh"];
}

/** Overwrites a binary in place, as soon as no process runs it. */
async function overwrite(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  await until(async () => await Deno.writeFile(path, bytes).then(() => true, () => false), "nothing runs the binary");
}

async function launcherAvailability() {
  const commands = [[...OWN_MOUNTS, "true"], [BUBBLEWRAP, "--ro-bind", "/", "/", "true"]] as const;
  for (const [file, ...args] of commands) {
    const found = await programAvailability(file, args);
    if (!found.available) return found;
  }
  return { available: true } as const;
}

const isX86 = Deno.build.arch === "x86_64" && Deno.build.os === "linux";
if (isPresent("x86_64", isX86 ? { available: true } : { available: false, reason: "its programs are for x86-64" })) {
  Deno.test("a child that dies before it is ready, hangs, crashes or talks garbage: an error, a pause, nothing left, and back", async () => {
    const faults = ["exits", "crashes", "talks", "hangs"] as const;
    const checks = await Promise.allSettled(faults.map((fault) => withPlaces((places) => checkFault(places, fault))));
    for (const check of checks) if (check.status === "rejected") throw check.reason; // Nothing of the others runs on.
  });

  if (isPresent("bubblewrap", await launcherAvailability())) {
    Deno.test("a launcher that fails after the service has started: an error, a pause, nothing left, and back", () =>
      withPlaces(async (places) => {
        const watch = new FootprintWatch(places.scratch);
        const [launcher, other] = ["launcher", "other"].map((name) => join(places.scratch, name));
        assert(launcher !== undefined && other !== undefined);
        await writeTinyProgram(other, "exits");
        const [works, exits] = await Promise.all([BUBBLEWRAP, other].map((path) => Deno.readFile(path)));
        assert(works !== undefined && exits !== undefined);
        await Deno.writeFile(launcher, works, { mode: 0o755 });
        {
          await using service = await startIn(places, COLD, { through: withLauncher(launcher) });
          watch.learn(service.process.pid);
          await checkRecovered(service);
          await overwrite(launcher, exits);
          await checkRefused(service, FAULTS.exits);
          await until(async () => await runsNothing(watch), "nothing of it runs");
          await overwrite(launcher, works);
          await checkRecovered(service);
        }
        await Promise.all([launcher, other].map((path) => Deno.remove(path)));
        assertEquals(await watch.look(), NOTHING);
      }));
  }

  if (isPresent("docker", await dockerAvailability("typescript"))) {
    Deno.test("[docker] a child that dies before it is ready: the next runtime takes the program, and says so", () =>
      withPlaces(async (places) => {
        const binary = await makeBinary(places);
        const env = { CODEBEAKER_DOCKER_HOST: DOCKER_HOST, CODEBEAKER_DOCKER_PULL: "never" };
        await using service = await startIn(places, ["--deno-binary", binary.path, ...COLD], { env });
        await checkRecovered(service);
        await binary.become("exits");
        const { runtime, stdout, attempts } = await new ApiClient(service).json("POST", "/v1/executions", HELLO);
        assertEquals([runtime, stdout, attempts.length], ["docker", "hello\n", 1]);
        assertEquals(attempts[0].runtime, "deno");
        assertStringIncludes(attempts[0].error, FAULTS.exits);
      }));
  }
}
