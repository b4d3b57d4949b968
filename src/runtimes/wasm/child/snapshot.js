/** Reads a memory that make_snapshot.js wrote. */
import { fail } from "./begin.js";

/** Opens a snapshot. Ends the process where it is cut off. */
export function openSnapshot(path) {
  const file = Deno.openSync(path);
  const head = read(new Uint8Array(new Uint32Array(read(new Uint8Array(4)).buffer)[0]));
  const { bytes, config, runs } = JSON.parse(new TextDecoder().decode(head));
  return {
    bytes,
    /** Reads the kept memory into an interpreter's, once. Returns what was kept with it. */
    restore(memory) {
      for (const [at, length] of runs) read(memory.subarray(at, at + length));
      file.close();
      return config;
    },
  };

  function read(into) {
    for (let rest = into; rest.length > 0;) {
      rest = rest.subarray(file.readSync(rest) ?? fail("The parts are cut off", 1));
    }
    return into;
  }
}
