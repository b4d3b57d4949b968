import { assertEquals } from "@std/assert";
import {
  EMPTY_MODULE,
  HONEST_MODULE,
  readingModule,
  VARIABLES_MODULE,
} from "../../../src/runtimes/wasm/canary_modules.ts";
import { WARM_UP } from "../../../src/runtimes/wasm/child/warm_up.js";

// What a canary tries works where nothing holds it: a module that could do nothing would keep every promise. The one that takes
// memory is not tried here: it keeps its promise only by being ended for what it took.

const NAMESPACE = "wasi_snapshot_preview1";

/** What a module can call here: as much of WASI as canaries do, without any sandbox. */
interface Host {
  /** The files that there are, whatever directory a path begins at. */
  readonly files?: Readonly<Record<string, string>>;
  readonly variables?: string;
}

/** Runs a module, and gives what it printed. */
function run(module: Uint8Array<ArrayBuffer>, { files = {}, variables = "" }: Host = {}) {
  const links = new Map<string, string>();
  const opened: string[] = [];
  let printed = "";
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module), {
    [NAMESPACE]: {
      fd_write: (_fd: number, vector: number) => {
        printed += read(word(vector), word(vector + 4));
        return 0;
      },
      fd_read: (fd: number, vector: number, _count: number, readTo: number) => {
        const bytes = new TextEncoder().encode(opened[fd] ?? "");
        new Uint8Array(memory.buffer).set(bytes, word(vector));
        setWord(readTo, bytes.length);
        return 0;
      },
      path_open: (_directory: number, _flags: number, path: number, length: number, ...rest: unknown[]) => {
        const name = read(path, length);
        const text = files[links.get(name) ?? name];
        if (text !== undefined) setWord(Number(rest[4]), opened.push(text) - 1);
        return 0;
      },
      path_symlink: (target: number, length: number, _directory: number, name: number, nameLength: number) => {
        links.set(read(name, nameLength), read(target, length));
        return 0;
      },
      environ_sizes_get: (_count: number, size: number) => (setWord(size, variables.length), 0),
      environ_get: (_places: number, text: number) => {
        new Uint8Array(memory.buffer).set(new TextEncoder().encode(variables), text);
        return 0;
      },
    },
  });
  const { _start: start, memory } = exports as { _start(): void; memory: WebAssembly.Memory };
  const word = (address: number) => new DataView(memory.buffer).getUint32(address, true);
  const setWord = (address: number, value: number) => new DataView(memory.buffer).setUint32(address, value, true);
  const read = (address: number, length: number) =>
    new TextDecoder().decode(new Uint8Array(memory.buffer, address, length));
  start();
  return printed;
}

Deno.test("HONEST_MODULE prints 42, and the module of a process that waits nothing", () => {
  assertEquals(run(HONEST_MODULE), "42\n");
  assertEquals(run(EMPTY_MODULE), "");
  assertEquals(new Uint8Array(WARM_UP), EMPTY_MODULE);
});

Deno.test("readingModule() prints each file that it can open, and one behind a link that it makes", () => {
  const files = { "/secret": "told", "a/b": "also told" };
  const printed = run(readingModule(["/secret", "none", "a/b"]), { files });
  assertEquals(printed, "toldalso told".repeat(3)); // From each of its directories.
  const link = readingModule(["own"], [{ name: "own", target: "/secret" }]);
  assertEquals(run(link, { files }), "told".repeat(3));
});

Deno.test("VARIABLES_MODULE prints the variables that it is given", () => {
  assertEquals(run(VARIABLES_MODULE, { variables: "A=1\0B=2\0" }), "A=1\0B=2\0");
});
