/** Prepares the parts of Ruby. They are the memory of a started interpreter, and its module without data. */
import { makeSnapshot } from "../make_snapshot.js";
import { openRuby } from "./boot.js";

const [parts] = Deno.args;
const DATA = 11;

const bytes = Deno.readFileSync(`${parts}/source.wasm`);
const places = ["workspace", "tmp"].map((name) => `${parts}/${name}`);
for (const place of places) Deno.mkdirSync(place);
const [workspace, temporary] = places;
const ruby = openRuby(bytes);
ruby.connect({ "/workspace": workspace, "/tmp": temporary });
ruby.initialize(["ruby", "-EUTF-8", "--disable=syntax_suggest", "-enil"]);
const start = Deno.readTextFileSync(new URL("start.rb", import.meta.url));
const hex = new TextEncoder().encode(start).toHex();
ruby.evaluate(`eval ["${hex}"].pack("H*").force_encoding("UTF-8"), TOPLEVEL_BINDING, "<internal:codebeaker>", 1`);
makeSnapshot(`${parts}/snapshot.bin`, { memory: new Uint8Array(ruby.memory.buffer) });
Deno.writeFileSync(`${parts}/ruby.wasm`, await withoutData(bytes));
for (const path of ["source.wasm", "workspace", "tmp"]) Deno.removeSync(`${parts}/${path}`, { recursive: true });
Deno.exit(0);

/** A module whose data is empty: it is in the snapshot. */
function withoutData(module) {
  const pieces = [module.subarray(0, 8)];
  for (let at = 8; at < module.length;) {
    const [size, start] = readNumber(module, at + 1);
    const section = module.subarray(at, start + size);
    pieces.push(module[at] === DATA ? emptyData(module.subarray(start, start + size)) : section);
    at = start + size;
  }
  return new Blob(pieces).bytes();
}

/** A section of as many segments, none of which has bytes. Each is passive, which holds no place in memory. */
function emptyData(content) {
  const [count, start] = readNumber(content, 0);
  const segments = new Uint8Array(2 * count);
  for (let index = 0; index < count; index++) segments[2 * index] = 1;
  const head = content.subarray(0, start);
  return Uint8Array.of(DATA, ...writeNumber(head.length + segments.length), ...head, ...segments);
}

/** A number in LEB128, and the place behind it. */
function readNumber(bytes, at) {
  let [value, shift] = [0, 0];
  for (;; shift += 7) {
    const byte = bytes[at++];
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return [value, at];
  }
}

function writeNumber(value) {
  return value < 0x80 ? [value] : [value % 0x80 | 0x80, ...writeNumber(Math.floor(value / 0x80))];
}
