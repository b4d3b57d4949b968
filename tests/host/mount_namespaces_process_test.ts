import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { MountNamespaces } from "../../src/host/mount_namespaces.ts";
import { openCLibrary, toCString } from "../../src/host/system_calls.ts";
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

  Deno.test("MountNamespaces closes what is open when it is disposed of, and a later release does nothing", async () => {
    const namespaces = MountNamespaces.open();
    const mount = namespaces?.cloneMount("/proc");
    assert(namespaces !== undefined && mount !== undefined);
    const descriptor = `/proc/self/fd/${mount.number}`;
    await Deno.lstat(descriptor);
    namespaces[Symbol.dispose]();
    await assertRejects(() => Deno.lstat(descriptor), Deno.errors.NotFound);
    await mount.release();
    mount[Symbol.dispose]();
  });

  Deno.test("MountNamespaces keeps a service in its chroot, and in its working directory there", async () => {
    using namespaces = MountNamespaces.open();
    using outside = namespaces?.namespaceOf(Deno.pid);
    const library = openCLibrary({ chroot: { parameters: ["buffer"], result: "i32" } });
    assert(namespaces !== undefined && outside !== undefined && library !== undefined);
    const directory = await Deno.makeTempDir();
    await Deno.mkdir(`${directory}/proc`);
    await Deno.mkdir(`${directory}/service`);
    using proc = namespaces.cloneMount("/proc");
    assert(proc !== undefined);
    const seen = namespaces.within(outside, () => {
      assert(namespaces.enterCopy() && namespaces.makePrivate() && namespaces.place(proc, `${directory}/proc`));
      assertEquals(library.symbols.chroot(toCString(directory)), 0);
      Deno.chdir("/service");
      const before = root();
      using chrooted = MountNamespaces.open();
      const opened = root();
      using home = chrooted?.namespaceOf("thread-self");
      const within = home && chrooted?.within(home, root);
      return { before, opened, within, after: root() };
    });
    const own = { names: ["proc", "service"], directory: "/service" };
    assertEquals({ ...seen, within: undefined }, { before: own, opened: own, within: undefined, after: own });
    assert(seen?.within !== undefined && !seen.within.names.includes("service"));
    library.close();
    await Deno.remove(directory, { recursive: true });
  });

  Deno.test("a service that cannot come back to its own mounts exits, and says why", async () => {
    const script = fromFileUrl(new URL("lost_home.ts", import.meta.url));
    const { code, stderr, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-check", "--allow-all", script],
    }).output();
    const [said, warned] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    assertEquals([code, said], [1, "within\n"]);
    assertMatch(warned ?? "", /does not let this service return to its own mounts/);
  });
}

function present(): { readonly namespace: string; readonly directory: string } {
  return { namespace: Deno.readLinkSync("/proc/thread-self/ns/mnt"), directory: Deno.cwd() };
}

function root(): { readonly names: string[]; readonly directory: string } {
  return { names: [...Deno.readDirSync("/")].map(({ name }) => name).toSorted(), directory: Deno.cwd() };
}
