import { assertEquals, assertRejects } from "@std/assert";
import { CodeBeakerError, type ErrorDetails } from "../../../../src/core/errors.ts";
import type { Progress } from "../../../../src/core/progress.ts";
import type { InspectedImage } from "../../../../src/runtimes/docker/engine/engine_images.ts";
import { Images, type ImageSource } from "../../../../src/runtimes/docker/images/images.ts";
import { settingsOf } from "../../../../src/runtimes/docker/settings.ts";

const PYTHON = "python:3.13-slim-trixie";
const DENO = "denoland/deno:debian-2.9.6";

/** An Engine with images, and a registry whose pulls the test ends. */
class FakeSource implements ImageSource {
  readonly here: Set<string>;
  /** The tags of a repository, the newest image's first. */
  readonly tags = new Map<string, string[]>();
  readonly asked: string[] = [];
  readonly pulls: { readonly image: string; progress(text: string): void; end(error?: Error): void }[] = [];

  constructor(...here: string[]) {
    this.here = new Set(here);
  }

  inspect(tag: string): Promise<InspectedImage | undefined> {
    this.asked.push(tag);
    const isHere = this.here.has(tag) || [...this.tags.values()].flat().includes(tag);
    return Promise.resolve(isHere ? { id: `sha256:${tag}`, variables: [] } : undefined);
  }

  listTags(repository: string): Promise<string[]> {
    this.asked.push(repository);
    return Promise.resolve(this.tags.get(repository) ?? []);
  }

  pull(image: string, onProgress: (progress: string) => void): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.pulls.push({
      image,
      progress: onProgress,
      end: (error) => {
        if (error === undefined) this.here.add(image);
        if (error === undefined) resolve();
        else reject(error);
      },
    });
    return promise;
  }
}

interface Setup {
  readonly pull?: string;
  readonly environments?: unknown;
  readonly waitMs?: number;
  readonly progress?: Progress;
}

function create(source: ImageSource, { pull = "missing", environments = {}, waitMs, progress }: Setup = {}) {
  const clock = { now: 0 };
  const log: [string, Readonly<Record<string, unknown>>][] = [];
  const images = new Images(source, {
    settings: settingsOf({ settings: { docker: { dockerPull: pull, dockerEnvironments: environments } } }),
    log: { info: (message, facts) => log.push([message, facts]) },
    now: () => clock.now,
    progress,
    ...(waitMs === undefined ? {} : { waitMs }),
  });
  return { images, clock, log };
}

/** Lets pending promises run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

async function refused(promise: Promise<unknown>, message: string): Promise<ErrorDetails> {
  const error = await assertRejects(() => promise, CodeBeakerError);
  assertEquals([error.code, error.message], ["runtime_unavailable", message]);
  return error.details;
}

Deno.test("Images prefers a present official image to local ones", async () => {
  const source = new FakeSource(PYTHON);
  source.tags.set("codebeaker/python", ["codebeaker/python:b"]);
  for (const pull of ["missing", "never"]) {
    const { images } = create(source, { pull });
    assertEquals(await images.ensure("python"), PYTHON);
    assertEquals(await images.availability("python"), { available: true });
  }
  assertEquals(source.pulls, []);
});

Deno.test("Images uses the newest local image in place of a missing official one, without a pull", async () => {
  const source = new FakeSource();
  source.tags.set("codebeaker/python", ["codebeaker/python:new", "codebeaker/python:old"]);
  for (const pull of ["missing", "never"]) {
    const { images } = create(source, { pull });
    assertEquals(await images.ensure("python"), "codebeaker/python:new");
    assertEquals(await images.availability("python"), { available: true });
  }
  assertEquals(source.pulls, []);
});

Deno.test("Images uses no other image in place of a configured one", async () => {
  const source = new FakeSource(PYTHON);
  source.tags.set("codebeaker/python", ["codebeaker/python:new"]);
  const { images } = create(source, { pull: "never", environments: { python: { image: "mine:1" } } });
  const { remedy } = await refused(images.ensure("python"), "the image mine:1 is not here and pulling is off");
  assertEquals(remedy?.includes("docker pull mine:1"), true);
  assertEquals(source.asked, ["mine:1"]);
  source.here.add("mine:1");
  assertEquals(await images.ensure("python"), "mine:1");
});

Deno.test("Images pulls a missing image, and uses it from then on", async () => {
  const source = new FakeSource();
  const { images } = create(source);
  assertEquals(await images.availability("python"), { available: true });
  const ensuring = images.ensure("python");
  await settle();
  source.pulls[0]?.end();
  assertEquals(await ensuring, PYTHON);
  assertEquals(await images.ensure("python"), PYTHON);
  assertEquals(source.pulls.map(({ image }) => image), [PYTHON]);
});

Deno.test("Images pulls nothing where pulling is off, and gives that as the reason", async () => {
  const source = new FakeSource();
  const { images } = create(source, { pull: "never" });
  const reason = `the image ${PYTHON} is not here and pulling is off`;
  const remedy = "build it (codebeaker images python), or let the service pull images (--docker-pull missing)";
  assertEquals(await images.availability("python"), { available: false, reason, remedy });
  await refused(images.ensure("python"), reason);
  assertEquals(source.pulls, []);
});

Deno.test("Images pulls a present image once after each start with dockerPull=always", async () => {
  const source = new FakeSource(PYTHON);
  source.tags.set("codebeaker/bash", ["codebeaker/bash:a"]);
  const { images, clock } = create(source, { pull: "always" });
  for (const [environment, image] of [["python", PYTHON], ["bash", "debian:trixie-slim"]] as const) {
    const ensuring = images.ensure(environment);
    await settle();
    source.pulls.at(-1)?.end();
    assertEquals(await ensuring, image);
    assertEquals(await images.ensure(environment), image); // Not what was found here before the pull.
    clock.now += 3_600_000;
    assertEquals(await images.ensure(environment), image);
  }
  assertEquals(source.pulls.map(({ image }) => image), [PYTHON, "debian:trixie-slim"]);
});

Deno.test("Images pulls once for all callers, also for two environments with one image", async () => {
  const source = new FakeSource();
  const { images } = create(source);
  const callers = ["javascript", "typescript", ..."12345678"].map((name, index) =>
    images.ensure(index < 2 ? name : "javascript")
  );
  await settle();
  assertEquals(source.pulls.map(({ image }) => image), [DENO]);
  source.pulls[0]?.end();
  assertEquals(await Promise.all(callers), Array.from({ length: 10 }, () => DENO));
  assertEquals(source.pulls.length, 1);
});

Deno.test("Images reports a failed pull to all callers, and for 30 s to others before the next pull", async () => {
  const source = new FakeSource();
  const { images, clock } = create(source);
  const reason = `the image ${PYTHON} cannot be pulled: no route to host`;
  const callers = [1, 2, 3].map(() => refused(images.ensure("python"), reason));
  await settle();
  source.pulls[0]?.end(new Error("no route to host"));
  await Promise.all(callers);
  clock.now += 29_999;
  const details = await refused(images.ensure("python"), reason);
  assertEquals(details, { remedy: "build it (codebeaker images python)", retryAfterMs: 1 });
  assertEquals(await images.availability("python"), { available: false, reason, ...details });
  assertEquals(await images.availability("bash"), { available: true });
  assertEquals(source.pulls.length, 1);
  clock.now += 1;
  assertEquals(await images.availability("python"), { available: true });
  const again = images.ensure("python");
  await settle();
  assertEquals(source.pulls.length, 2);
  source.pulls[1]?.end();
  assertEquals(await again, PYTHON);
  assertEquals(await images.availability("python"), { available: true });
});

Deno.test("Images uses an image that appears while its pull is not repeated", async () => {
  const source = new FakeSource();
  const { images } = create(source);
  const ensuring = refused(images.ensure("python"), `the image ${PYTHON} cannot be pulled: off`);
  await settle();
  source.pulls[0]?.end(new Error("off"));
  await ensuring;
  source.here.add(PYTHON);
  assertEquals(await images.ensure("python"), PYTHON);
});

Deno.test("Images.recordFailure() makes a present image unavailable for 30 s", async () => {
  const { images, clock } = create(new FakeSource(PYTHON));
  assertEquals(await images.availability("python"), { available: true });
  images.recordFailure("python", "it has no shell");
  assertEquals(await images.availability("python"), {
    available: false,
    reason: "it has no shell",
    retryAfterMs: 30_000,
  });
  clock.now += 30_000;
  assertEquals(await images.availability("python"), { available: true });
});

Deno.test("Images looks up a present image every 10 s, and a missing one each time", async () => {
  const source = new FakeSource(PYTHON);
  const { images, clock } = create(source, { pull: "never" });
  for (const _ of "123") await images.ensure("python");
  assertEquals(source.asked, [PYTHON]);
  clock.now += 9_999;
  await images.availability("python");
  assertEquals(source.asked, [PYTHON]);
  clock.now += 1;
  source.here.delete(PYTHON);
  assertEquals((await images.availability("python")).available, false);
  source.here.add(PYTHON);
  assertEquals((await images.availability("python")).available, true);
  assertEquals(source.asked, [PYTHON, PYTHON, "codebeaker/python", PYTHON]);
});

Deno.test("Images fails a caller whose wait is over; the pull goes on and serves the next caller", async () => {
  const source = new FakeSource();
  const { images } = create(source, { waitMs: 5 });
  const reason = `the image ${PYTHON} is being pulled`;
  assertEquals(await images.availability("python"), { available: true });
  await refused(images.ensure("python"), reason);
  await refused(images.ensure("python"), reason);
  assertEquals(await images.availability("python"), { available: false, reason });
  assertEquals(await images.availability("bash"), { available: true });
  assertEquals(source.pulls.length, 1);
  source.pulls[0]?.end();
  await settle();
  assertEquals(await images.availability("python"), { available: true });
  assertEquals(await images.ensure("python"), PYTHON);
  assertEquals(source.pulls.length, 1);
});

Deno.test("Images remembers the failure of a pull that no caller waits for", async () => {
  const source = new FakeSource();
  const { images, clock } = create(source, { waitMs: 5 });
  await refused(images.ensure("python"), `the image ${PYTHON} is being pulled`);
  source.pulls[0]?.end(new Error("gone"));
  await settle();
  const reason = `the image ${PYTHON} cannot be pulled: gone`;
  const details = await refused(images.ensure("python"), reason);
  assertEquals(await images.availability("python"), { available: false, reason, ...details });
  clock.now += 30_000;
  assertEquals(await images.availability("python"), { available: true });
});

Deno.test("Images logs the start and end of a pull, and its progress at most every 2 s", async () => {
  const source = new FakeSource();
  const { images, clock, log } = create(source);
  const ensuring = images.ensure("python");
  await settle();
  for (const [now, text] of [[0, "a"], [1_999, "b"], [2_000, "c"], [2_001, "d"], [3_999, "e"], [4_000, "f"]] as const) {
    clock.now = now;
    source.pulls[0]?.progress(text);
  }
  source.pulls[0]?.end();
  await ensuring;
  const facts = { environment: "python", image: PYTHON };
  assertEquals<unknown>(log, [
    ["image.pull_started", facts],
    ["image.pull_progressed", { ...facts, progress: "c" }],
    ["image.pull_progressed", { ...facts, progress: "f" }],
    ["image.pulled", facts],
  ]);
});

Deno.test("Images logs why an image cannot be pulled", async () => {
  const source = new FakeSource();
  const { images, log } = create(source);
  const ensuring = assertRejects(() => images.ensure("bash"), CodeBeakerError);
  await settle();
  source.pulls[0]?.end(new Error("denied"));
  await ensuring;
  const facts = { environment: "bash", image: "debian:trixie-slim" };
  assertEquals<unknown>(log, [
    ["image.pull_started", facts],
    ["image.pull_failed", { ...facts, error: "denied" }],
  ]);
});

Deno.test("Images fails while the Engine does not answer, and tries again at the next call", async () => {
  const source = new FakeSource(PYTHON);
  const lost = new CodeBeakerError("runtime_unavailable", "The Docker Engine was lost");
  const { images } = create({
    inspect: (tag) => source.asked.length === 0 ? (source.asked.push(tag), Promise.reject(lost)) : source.inspect(tag),
    listTags: (repository) => source.listTags(repository),
    pull: (image, onProgress) => source.pull(image, onProgress),
  });
  await refused(images.ensure("python"), "The Docker Engine was lost");
  assertEquals(await images.ensure("python"), PYTHON);
});

Deno.test("Images tells what is here without anything being fetched, to who asks for that", async () => {
  const fetchesNothing = true;
  const absent = create(new FakeSource()).images;
  const reason = `the image ${PYTHON} would have to be pulled`;
  assertEquals(await absent.availability("python", { fetchesNothing }), { available: false, reason });
  assertEquals(await absent.availability("python"), { available: true });
  const here = create(new FakeSource(PYTHON)).images;
  assertEquals(await here.availability("python", { fetchesNothing }), { available: true });
  const due = create(new FakeSource(PYTHON), { pull: "always" }).images;
  assertEquals(await due.availability("python", { fetchesNothing }), { available: false, reason });
});

Deno.test("Images shows a pull to whoever waits for it, and then waits to its end", async () => {
  const shown: string[] = [];
  const interrupt = new AbortController();
  const progress: Progress = {
    signal: interrupt.signal,
    begin(task) {
      shown.push(task);
      return { update: (detail) => shown.push(detail), [Symbol.dispose]: () => shown.push("over") };
    },
  };
  const source = new FakeSource();
  const { images } = create(source, { progress, waitMs: 0 });
  const [ensured, failing] = [images.ensure("python"), images.ensure("typescript")];
  await settle();
  await new Promise((resolve) => setTimeout(resolve, 0)); // The deadline of a request without progress has passed.
  const [python, deno] = source.pulls;
  python?.progress("half");
  python?.end();
  assertEquals(await ensured, PYTHON);
  deno?.end(new Error("no network"));
  await assertRejects(() => failing, CodeBeakerError, "no network");
  assertEquals(shown, [
    `downloading the image ${PYTHON}`,
    `downloading the image ${DENO}`,
    ...["half", "over", "over"],
  ]);
  const ended = images.ensure("bash");
  await settle();
  interrupt.abort();
  await assertRejects(() => ended, CodeBeakerError, "is being pulled");
});
