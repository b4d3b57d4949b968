/**
 * Prepares the parts of C: one file with the headers and libraries of programs. It begins with the length of an index, and
 * the index.
 */
const [parts] = Deno.args;
const archive = `${parts}/resources.tar`;
/** Paths in the archive that C needs. The others are of C++, of other processors, and of tools. */
const NEEDED = [
  /^include\/(?:__std|__float_|float|inttypes|iso646|limits|std|tgmath|unwind|varargs|wasm_simd128)[^/]*\.h$/,
  /^include\/wasm32-wasip1\/.+\.h$/,
  /^lib\/wasm32-(?:unknown-)?wasip1\/(?!libc\+\+).+\.[ao]$/,
];
const BLOCK = 512;

const files = [...filesOf(Deno.readFileSync(archive))].filter(({ path }) => NEEDED.some((one) => one.test(path)));
let size = 0;
const index = files.map(({ bytes, path }) => [path, (size += bytes.length) - bytes.length, bytes.length]);
const head = new TextEncoder().encode(JSON.stringify(index));
const length = new Uint8Array(Uint32Array.of(head.length).buffer);
Deno.writeFileSync(`${parts}/library.bin`, await new Blob([length, head, ...files.map(({ bytes }) => bytes)]).bytes());
Deno.removeSync(archive);

/** The files of an archive as tar(5) describes it, whose paths are short. */
function* filesOf(tar) {
  const text = (at, length) => new TextDecoder().decode(tar.subarray(at, at + length)).replace(/\0.*$/s, "");
  for (let at = 0; at < tar.length && tar[at] !== 0;) {
    const size = Number.parseInt(text(at + 124, 12), 8);
    const bytes = tar.subarray(at + BLOCK, at + BLOCK + size);
    if (["", "0"].includes(text(at + 156, 1))) yield { bytes, path: text(at, 100) };
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
}
