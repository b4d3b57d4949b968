import { MountNamespaces } from "../../src/host/mount_namespaces.ts";
import { openCLibrary } from "../../src/host/system_calls.ts";

// A service that loses the descriptor of its own namespace while it is in another. It says "within" there, and would say
// "after" behind that.

const say = (word: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${word}\n`));
const library = openCLibrary({ close: { parameters: ["i32"], result: "i32" } });
const namespaces = MountNamespaces.open();
const home = Deno.readLinkSync("/proc/thread-self/ns/mnt");
const descriptors = [...Deno.readDirSync("/proc/self/fd")].map(({ name }) => name).filter((name) => {
  try {
    return Deno.readLinkSync(`/proc/self/fd/${name}`) === home;
  } catch {
    return false; // It was the one that reads the directory.
  }
});
const elsewhere = namespaces?.namespaceOf("thread-self");
if (elsewhere !== undefined) {
  namespaces?.within(elsewhere, () => {
    say("within");
    for (const descriptor of descriptors) library?.symbols.close(Number(descriptor));
  });
  say("after");
}
