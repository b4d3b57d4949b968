import { assertEquals, assertRejects } from "@std/assert";
import { CodeBeakerError } from "../../../../src/core/errors.ts";
import { engineError } from "../../../../src/runtimes/docker/engine/engine_call.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { LABELS, Reaper } from "../../../../src/runtimes/docker/container/reaper.ts";
import type { InstanceState } from "../../../../src/host/instance.ts";
import type { ListedContainer } from "../../../../src/runtimes/docker/engine/engine_containers.ts";

const OWN = "own-instance";

function container(id: string, labels: Readonly<Record<string, string>>): ListedContainer {
  return { id, labels };
}

function ownContainer(id: string, session: string): ListedContainer {
  return container(id, { [LABELS.instance]: OWN, [LABELS.lock]: "/own", [LABELS.session]: session });
}

function othersContainer(id: string, fate: InstanceState): ListedContainer {
  return container(id, {
    [LABELS.instance]: `other-${id}`,
    [LABELS.lock]: `/locks/${fate}`,
    [LABELS.session]: "living",
  });
}

function passingContainer(id: string, fate: InstanceState): ListedContainer {
  return container(id, { ...othersContainer(id, fate).labels, [LABELS.passing]: "true" });
}

class Neighbours {
  containers: readonly ListedContainer[] = [];
  readonly removed: string[] = [];
  readonly warnings: [string, unknown][] = [];
  /** The services that were looked up. */
  readonly asked: string[] = [];
  lists = 0;
  readonly clock = new FakeClock();
  /** Settles before a list is given. */
  listing: Promise<void> = Promise.resolve();
  removal: (id: string) => Promise<void> = () => Promise.resolve();

  createReaper(): Reaper {
    return new Reaper({
      containers: {
        list: async (label) => {
          assertEquals(label, "codebeaker.instance");
          this.lists++;
          await this.listing;
          return [...this.containers];
        },
        remove: async (id) => {
          await this.removal(id);
          this.removed.push(id);
        },
      },
      instanceId: OWN,
      isOurs: (session) => session === "living",
      stateOf: ({ id, lockPath }) => {
        this.asked.push(id);
        return Promise.resolve(lockPath.replace("/locks/", "") as InstanceState);
      },
      log: { warning: (message, facts) => this.warnings.push([message, facts]) },
      clock: this.clock,
    });
  }
}

/** What has been set going comes to the end of what it can do. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

/** An Engine's no, with an HTTP status, as dockerode throws it. */
function no(status: number): CodeBeakerError {
  return engineError("remove a container", "it is busy", Object.assign(new Error("busy"), { statusCode: status }));
}

Deno.test("Reaper.runRound() removes containers of none of its environments, and checks no lock for them", async () => {
  const neighbours = new Neighbours();
  neighbours.containers = [
    ownContainer("a", "living"),
    ownContainer("b", "left"),
    container("c", { [LABELS.instance]: OWN }),
  ];
  await neighbours.createReaper().runRound();
  assertEquals([neighbours.removed, neighbours.asked], [["b", "c"], []]);
});

Deno.test("Reaper.runRound() removes another service's container only when that service is known to be gone", async () => {
  const neighbours = new Neighbours();
  neighbours.containers = [
    othersContainer("a", "alive"),
    othersContainer("b", "gone"),
    othersContainer("c", "unknown"),
    othersContainer("d", "gone"),
  ];
  const reaper = neighbours.createReaper();
  await reaper.runRound();
  neighbours.clock.advance(30_000);
  await reaper.runRound();
  assertEquals(neighbours.removed, ["b", "d"]);
  assertEquals(neighbours.asked.slice(0, 4), ["other-a", "other-b", "other-c", "other-d"]);
});

Deno.test("Reaper.runRound() leaves another service time for a restart, and counts it anew after each", async () => {
  const neighbours = new Neighbours();
  const reaper = neighbours.createReaper();
  const fates: readonly (readonly [now: number, fate: InstanceState])[] = [
    [0, "gone"],
    [19_999, "gone"],
    [25_000, "alive"],
    [30_000, "gone"],
    [49_999, "gone"],
  ];
  for (const [now, fate] of fates) {
    neighbours.clock.advance(now - neighbours.clock.elapsed());
    neighbours.containers = [othersContainer("a", fate)];
    await reaper.runRound();
    assertEquals([now, neighbours.removed], [now, []]);
  }
  neighbours.clock.advance(1);
  await reaper.runRound();
  assertEquals(neighbours.removed, ["a"]);
});

Deno.test("Reaper.runRound() removes at once the container of a gone process that never restarts, and of no other", async () => {
  const neighbours = new Neighbours();
  neighbours.containers = [
    ...(["alive", "unknown", "gone"] as const).map((fate) => passingContainer(fate, fate)),
    othersContainer("of a service", "gone"),
  ];
  await neighbours.createReaper().runRound();
  assertEquals(neighbours.removed, ["gone"]);
});

Deno.test("Reaper.runRound() logs a refused removal, and goes on", async () => {
  const neighbours = new Neighbours();
  neighbours.containers = [ownContainer("stuck", "left"), ownContainer("b", "left")];
  neighbours.removal = (id) => id === "stuck" ? Promise.reject(no(500)) : Promise.resolve();
  await neighbours.createReaper().runRound();
  assertEquals(neighbours.removed, ["b"]);
  assertEquals(neighbours.warnings, [["reaper.removal_failed", {
    container: "stuck",
    error: "The Docker Engine cannot remove a container: it is busy",
  }]]);
});

Deno.test("Reaper.runRound() ends when the Engine is lost", async () => {
  const neighbours = new Neighbours();
  neighbours.containers = [ownContainer("a", "left"), ownContainer("b", "left")];
  const lost = engineError("remove a container", "it is lost", new Error("ECONNREFUSED"));
  neighbours.removal = (id) => id === "a" ? Promise.reject(lost) : Promise.resolve();
  await assertRejects(() => neighbours.createReaper().runRound(), CodeBeakerError, "it is lost");
  assertEquals([neighbours.removed, neighbours.warnings], [[], []]);
});

Deno.test("Reaper.start() runs a round at once, at intervals, and when it is called again", async () => {
  const neighbours = new Neighbours();
  neighbours.containers = [ownContainer("a", "left")];
  await using reaper = neighbours.createReaper();
  reaper.start();
  await settle();
  assertEquals(neighbours.removed, ["a"]);
  reaper.start();
  await settle();
  assertEquals(neighbours.lists, 2);
  neighbours.clock.advance(30_000);
  await settle();
  assertEquals(neighbours.lists, 3);
});

Deno.test("Reaper.start() has only one round under way", async () => {
  const neighbours = new Neighbours();
  const listing = Promise.withResolvers<void>();
  neighbours.listing = listing.promise;
  await using reaper = neighbours.createReaper();
  for (const _ of "123") reaper.start();
  await settle();
  assertEquals(neighbours.lists, 1);
  listing.resolve();
  await settle();
  assertEquals(neighbours.lists, 1);
});

Deno.test("Reaper.start() logs a lost Engine, and tries again in the next round", async () => {
  const neighbours = new Neighbours();
  neighbours.containers = [ownContainer("a", "left")];
  neighbours.listing = Promise.reject(engineError("list containers", "no answer"));
  await using reaper = neighbours.createReaper();
  reaper.start();
  await settle();
  assertEquals(neighbours.warnings, [["reaper.round_failed", {
    error: "The Docker Engine cannot list containers: no answer",
  }]]);
  neighbours.listing = Promise.resolve();
  reaper.start();
  await settle();
  assertEquals([neighbours.removed, neighbours.warnings.length], [["a"], 1]);
});

Deno.test("Reaper leaves no timer when it is disposed of, however often it was started, or never", async () => {
  const neighbours = new Neighbours();
  const reaper = neighbours.createReaper();
  reaper.start();
  reaper.start();
  await reaper[Symbol.asyncDispose]();
  await reaper[Symbol.asyncDispose]();
  neighbours.clock.advance(30_000);
  assertEquals(neighbours.lists, 1);
  await new Neighbours().createReaper()[Symbol.asyncDispose]();
});
