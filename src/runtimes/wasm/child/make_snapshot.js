/** Writes the memory of an interpreter, with which each program of its language begins. */

/** The bytes that a snapshot keeps or leaves out as one. */
const BLOCK = 4_096;

/** Writes a snapshot. It has the length of its head, the head, and the memory that is not zero. */
export function makeSnapshot(path, { config, memory }) {
  const runs = runsOf(memory);
  const head = new TextEncoder().encode(JSON.stringify({ bytes: memory.length, config, runs }));
  using file = Deno.openSync(path, { write: true, createNew: true });
  write(file, new Uint8Array(Uint32Array.of(head.length).buffer));
  write(file, head);
  for (const [at, length] of runs) write(file, memory.subarray(at, at + length));
}

/** The beginnings and lengths of a memory's parts that are not zero. */
function runsOf(memory) {
  const runs = [];
  for (let at = 0; at < memory.length; at += BLOCK) {
    if (memory.subarray(at, at + BLOCK).every((byte) => byte === 0)) continue;
    const last = runs.at(-1);
    if (last !== undefined && last[0] + last[1] === at) last[1] += BLOCK;
    else runs.push([at, BLOCK]);
  }
  return runs;
}

function write(file, bytes) {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(file.writeSync(rest));
}
