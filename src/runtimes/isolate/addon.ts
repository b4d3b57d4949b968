import { join } from "@std/path";

/** V8's function that makes a handle weak, as an addon names it among its imports. */
const MAKE_WEAK = "\0_ZN2v812api_internal8MakeWeakEPPm\0";
/** The C library's function that takes its place, which changes nothing. */
const WITHOUT_EFFECT = "abs";

/**
 * Writes isolated-vm as slots load it, for every user to read. Returns its path, which is another for each call.
 *
 * @param directory the directory that owns it
 */
export function writeAddon(source: string, directory: string): string {
  const path = join(directory, `isolated_vm_${crypto.randomUUID()}.node`);
  Deno.writeFileSync(path, keepRejections(Deno.readFileSync(source)), { mode: 0o755, createNew: true });
  Deno.chmodSync(path, 0o755); // The service's own mask may take bits away.
  return path;
}

/**
 * Makes isolated-vm keep rejected promises until the turn of a program ends. It holds those that nothing handles
 * weakly: where V8 collects one first, the rejection is lost, and the program ends as if nothing had happened. That is
 * its only call of this function of V8. A file without this import is left as it is.
 */
export function keepRejections(addon: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const at = new TextDecoder("latin1").decode(addon).indexOf(MAKE_WEAK);
  if (at < 0) return addon;
  const kept = addon.slice();
  kept.set(new TextEncoder().encode(`\0${WITHOUT_EFFECT}\0`.padEnd(MAKE_WEAK.length, "\0")), at);
  return kept;
}
