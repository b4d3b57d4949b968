import { assemble, type Assembly, call, type Code, load, longNumber, number, store, takeMemory } from "./assemble.ts";

/** Addresses of the results of WASI's functions, and of the module's own data. */
const [VECTOR, COUNT, DESCRIPTOR, PATHS, BUFFER] = [0, 8, 12, 1_024, 65_536];
const BUFFER_BYTES = 65_536;
const PATH_BYTES = 512;

const [STDOUT, FIRST_DIRECTORY, LAST_DIRECTORY] = [1, 3, 5];
const [FOLLOW, MAY_READ] = [1, 2];

/** The imports of the modules, in the order of {@link IMPORT}. */
const IMPORTS: Assembly["imports"] = {
  fd_write: ["i32", "i32", "i32", "i32"],
  fd_read: ["i32", "i32", "i32", "i32"],
  path_open: ["i32", "i32", "i32", "i32", "i32", "i64", "i64", "i32", "i32"],
  path_symlink: ["i32", "i32", "i32", "i32", "i32"],
  environ_sizes_get: ["i32", "i32"],
  environ_get: ["i32", "i32"],
};
const IMPORT = { write: 0, read: 1, open: 2, symlink: 3, variableSizes: 4, variables: 5 } as const;

/** Prints 42 and a line feed. */
export const HONEST_MODULE = moduleOf(print(PATHS, number(3)), ["42\n"]);

/** Prints nothing, by one call; warm_up.js has the same. */
export const EMPTY_MODULE = moduleOf(print(PATHS, number(0)), []);

/**
 * Prints each of the files at these paths, below each of the module's directories. It makes the symlinks `links` first.
 */
export function readingModule(
  paths: readonly string[],
  links: readonly { readonly name: string; readonly target: string }[] = [],
): Uint8Array<ArrayBuffer> {
  const texts = [...paths, ...links.flatMap(({ name, target }) => [name, target])];
  const place = (text: string) => [number(PATHS + texts.indexOf(text) * PATH_BYTES), number(lengthOf(text))] as const;
  const directories = Array.from(
    { length: LAST_DIRECTORY - FIRST_DIRECTORY + 1 },
    (_, index) => FIRST_DIRECTORY + index,
  );
  const making = directories.flatMap((directory) =>
    links.flatMap(({ name, target }) => call(IMPORT.symlink, ...place(target), number(directory), ...place(name)))
  );
  const reading = directories.flatMap((directory) =>
    paths.flatMap((path) => [
      ...store(DESCRIPTOR, number(-1)), // Where it is not opened, nothing is read.
      ...store(COUNT, number(0)),
      ...call(
        IMPORT.open,
        ...[number(directory), number(FOLLOW), ...place(path), number(0)],
        ...[longNumber(MAY_READ), longNumber(0), number(0), number(DESCRIPTOR)],
      ),
      ...vectorOf(BUFFER, number(BUFFER_BYTES)),
      ...call(IMPORT.read, load(DESCRIPTOR), number(VECTOR), number(1), number(COUNT)),
      ...print(BUFFER, load(COUNT)),
    ])
  );
  return moduleOf([...making, ...reading], texts);
}

/** Prints its variables, each as NAME=value and a NUL. */
export const VARIABLES_MODULE = moduleOf([
  ...call(IMPORT.variableSizes, number(DESCRIPTOR), number(COUNT)),
  ...call(IMPORT.variables, number(PATHS), number(BUFFER)),
  ...print(BUFFER, load(COUNT)),
], []);

/** Takes all the memory that it is given. */
export const HUNGRY_MODULE = moduleOf(takeMemory(), []);

function moduleOf(code: Code, texts: readonly string[]): Uint8Array<ArrayBuffer> {
  const data = Object.fromEntries(texts.map((text, index) => [PATHS + index * PATH_BYTES, text]));
  return assemble({ imports: IMPORTS, data, code });
}

function print(address: number, length: Code): Code {
  return [
    ...vectorOf(address, length),
    ...call(IMPORT.write, number(STDOUT), number(VECTOR), number(1), number(COUNT)),
  ];
}

/** The one vector of the bytes that are read or written. */
function vectorOf(address: number, length: Code): Code {
  return [...store(VECTOR, number(address)), ...store(VECTOR + 4, length)];
}

function lengthOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
