import { assert, assertEquals, assertThrows } from "@std/assert";
import { MountNamespaces } from "../../src/host/mount_namespaces.ts";
import { isPresent } from "../support/requirements.ts";

const opened = MountNamespaces.open();
const reason = "this user may not enter mount namespaces";

if (isPresent("own_user", opened === undefined ? { available: false, reason } : { available: true })) {
  opened?.[Symbol.dispose]();

  Deno.test("MountNamespaces.within() comes back to the mounts and the working directory, also after an error", async () => {
    using namespaces = MountNamespaces.open();
    assert(namespaces !== undefined);
    using home = namespaces.namespaceOf(Deno.pid);
    assert(home !== undefined);
    const before = present();
    let within = "";
    const fail = () => {
      assert(namespaces.enterCopy());
      within = present().namespace;
      throw new Error("failed within");
    };
    assertThrows(() => namespaces.within(home, fail), Error, "failed within");
    assert(within !== before.namespace);
    assertEquals(present(), before);
    assertEquals(await Deno.readLink("/proc/self/ns/mnt"), before.namespace);
  });

  Deno.test("MountNamespaces shows a mount in a copy of a namespace, and nowhere else", async () => {
    using namespaces = MountNamespaces.open();
    assert(namespaces !== undefined);
    using home = namespaces.namespaceOf(Deno.pid);
    assert(home !== undefined);
    const directory = await Deno.makeTempDir();
    await Deno.writeTextFile(`${directory}/there`, "");
    await Deno.mkdir(`${directory}/empty`);
    using mount = namespaces.cloneMount(directory);
    assert(mount !== undefined);
    const path = `${directory}/empty`;
    const seen = namespaces.within(home, () => {
      const isPlaced = namespaces.enterCopy() && namespaces.makePrivate() && namespaces.place(mount, path);
      return [isPlaced, [...Deno.readDirSync(path)].map(({ name }) => name).toSorted()];
    });
    assertEquals(seen, [true, ["empty", "there"]]);
    assertEquals([...Deno.readDirSync(path)], []);
    assertEquals(namespaces.cloneMount(`${directory}/missing`), undefined);
    await Deno.remove(directory, { recursive: true });
  });
}

function present(): { readonly namespace: string; readonly directory: string } {
  return { namespace: Deno.readLinkSync("/proc/thread-self/ns/mnt"), directory: Deno.cwd() };
}
