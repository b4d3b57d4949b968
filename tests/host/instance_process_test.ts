import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { Instance } from "../../src/host/instance.ts";

const HOLDER = fromFileUrl(new URL("./instance_holder.ts", import.meta.url));

async function inHome(use: (home: string) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir();
  try {
    await use(home);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

/** Another service: a process that holds its identity until it is killed. */
async function holdElsewhere(kind: "lasting" | "passing", home: string) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", "--allow-all", HOLDER, kind, home],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { done, value } = await reader.read();
    if (done) throw new Error("The other process has ended");
    text += value;
  }
  const { id, lockPath }: { readonly id: string; readonly lockPath: string } = JSON.parse(text);
  return {
    id,
    lockPath,
    async kill() {
      child.kill("SIGKILL");
      await child.status;
      await reader.cancel();
    },
  };
}

function namesIn(directory: string): string[] {
  return [...Deno.readDirSync(directory)].map(({ name }) => name).toSorted();
}

Deno.test("Instance.openLasting() has the identity that the home keeps, again after a restart", async () => {
  await inHome(async (home) => {
    const first = await Instance.openLasting(home);
    const { id, lockPath } = first;
    assertEquals(id, (await Deno.readTextFile(join(home, "instance"))).trim());
    assertEquals([lockPath, await Deno.readTextFile(lockPath)], [join(home, "instances", id), id]);
    first[Symbol.dispose]();
    using second = await Instance.openLasting(home);
    assertEquals([second.id, second.lockPath], [id, lockPath]);
  });
});

Deno.test("Instance keeps what it writes to its owner", async () => {
  await inHome(async (home) => {
    using instance = await Instance.openLasting(home);
    for (const path of [instance.lockPath, join(home, "instance")]) {
      assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600, path);
    }
    assertEquals(((await Deno.stat(join(home, "instances"))).mode ?? 0) & 0o777, 0o700);
  });
});

Deno.test("Instance.openLasting() refuses a home that another service uses, in this process or in another", async () => {
  await inHome(async (home) => {
    {
      using _held = await Instance.openLasting(home);
      const error = await assertRejects(() => Instance.openLasting(home), CodeBeakerError, "--home");
      assert(error.message.includes(home));
      assertEquals(error.code, "invalid_request");
    }
    const other = await holdElsewhere("lasting", home);
    try {
      await assertRejects(() => Instance.openLasting(home), CodeBeakerError, "as another service does");
      assertEquals(await Deno.readTextFile(other.lockPath), other.id);
    } finally {
      await other.kill();
    }
    using after = await Instance.openLasting(home);
    assertEquals(after.id, other.id);
  });
});

Deno.test("Instance.openLasting() waits for who holds the lock for a moment only", async () => {
  await inHome(async (home) => {
    const first = await Instance.openLasting(home);
    first[Symbol.dispose]();
    const asking = await Deno.open(first.lockPath, { write: true });
    assert(asking.tryLockSync(true));
    const opening = Instance.openLasting(home);
    setTimeout(() => asking.close(), 10);
    (await opening)[Symbol.dispose]();
  });
});

Deno.test("Instance.openPassing() lives beside others on the same home, and takes its file along", async () => {
  await inHome(async (home) => {
    const one = await Instance.openPassing(home);
    const other = await Instance.openPassing(home);
    using lasting = await Instance.openLasting(home);
    assertEquals(namesIn(join(home, "instances")), [one.id, other.id, lasting.id].toSorted());
    for (const instance of [one, other, lasting]) assertEquals(await Instance.stateOf(instance), "alive");
    one[Symbol.dispose]();
    assertEquals(namesIn(join(home, "instances")), [other.id, lasting.id].toSorted());
    assertEquals([await Instance.stateOf(one), await Instance.stateOf(other)], ["unknown", "alive"]);
    other[Symbol.dispose]();
  });
});

Deno.test("Instance.stateOf() tells another process that lives from one that was killed", async () => {
  await inHome(async (home) => {
    const other = await holdElsewhere("passing", home);
    try {
      for (const _ of "123") assertEquals(await Instance.stateOf(other), "alive");
    } finally {
      await other.kill();
    }
    for (const _ of "123") assertEquals(await Instance.stateOf(other), "gone");
  });
});

Deno.test("Instance.stateOf() claims nothing of what it cannot see: no file, another's, a directory, no right to it", async () => {
  await inHome(async (home) => {
    const lockPath = join(home, "lock");
    assertEquals(await Instance.stateOf({ id: "a", lockPath }), "unknown");
    assertEquals(await Instance.stateOf({ id: "", lockPath: "" }), "unknown");
    assertEquals(await Instance.stateOf({ id: "", lockPath: home }), "unknown");
    for (const content of ["b", "", "a\n", "ab"]) {
      await Deno.writeTextFile(lockPath, content);
      assertEquals(await Instance.stateOf({ id: "a", lockPath }), "unknown", JSON.stringify(content));
    }
    await Deno.writeTextFile(lockPath, "a");
    assertEquals(await Instance.stateOf({ id: "a", lockPath }), "gone");
    assertEquals(await Instance.stateOf({ id: "a", lockPath: join(lockPath, "below") }), "unknown");
  });
});

Deno.test("Instance.stateOf() claims nothing of what it cannot read", async () => {
  await inHome(async (home) => {
    const lockPath = join(home, "lock");
    await Deno.mkdir(lockPath);
    assertEquals(await Instance.stateOf({ id: "lock", lockPath }), "unknown");
  });
});
Deno.test("Instance.leaveTrace() keeps the file of a passing one, by which it is known to be gone", async () => {
  await inHome(async (home) => {
    const instance = await Instance.openPassing(home);
    instance.leaveTrace();
    instance[Symbol.dispose]();
    assertEquals(await Deno.readTextFile(instance.lockPath), instance.id);
    assertEquals(await Instance.stateOf(instance), "gone");
  });
});

Deno.test("Instance keeps the file of a lasting one, which is alive again with the same identity", async () => {
  await inHome(async (home) => {
    const first = await Instance.openLasting(home);
    first[Symbol.dispose]();
    assertEquals(await Instance.stateOf(first), "gone");
    using _again = await Instance.openLasting(home);
    assertEquals(await Instance.stateOf(first), "alive");
  });
});

Deno.test("Instance is disposed of once, and drops its lock also when its file is gone already", async () => {
  await inHome(async (home) => {
    for (const open of [Instance.openLasting, Instance.openPassing]) {
      const instance = await open.call(Instance, home);
      instance[Symbol.dispose]();
      instance[Symbol.dispose]();
    }
    const robbed = await Instance.openPassing(home);
    await Deno.remove(robbed.lockPath);
    assertThrows(() => robbed[Symbol.dispose](), Deno.errors.NotFound); // A lock that is left would be told by the sanitizer.
    robbed[Symbol.dispose]();
  });
});

Deno.test("Instance.openLasting() removes the old files of those that are gone, and no others", async () => {
  await inHome(async (home) => {
    const dead = await holdElsewhere("passing", home);
    const recent = await holdElsewhere("passing", home);
    const other = await holdElsewhere("passing", home);
    for (const one of [dead, recent]) await one.kill();
    try {
      const unknown = join(home, "instances", "unknown");
      await Deno.writeTextFile(unknown, "the name of another");
      const longAgo = new Date(Date.now() - 8 * 24 * 3_600_000);
      for (const path of [dead.lockPath, other.lockPath, unknown]) await Deno.utime(path, longAgo, longAgo);
      using own = await Instance.openLasting(home);
      assertEquals(
        namesIn(join(home, "instances")),
        [recent.id, other.id, "unknown", own.id].toSorted(),
      );
    } finally {
      await other.kill();
    }
  });
});
