/** The headers and libraries of C. The compiler finds them below one directory, and cannot change them. */

/** Numbers of WASI's errors. */
const [BAD_DESCRIPTOR, INVALID, MISSING, READ_ONLY] = [8, 28, 44, 69];
const [DIRECTORY, REGULAR] = [3, 4];
/** Descriptors of its files. WASI's own are smaller. */
const FIRST_DESCRIPTOR = 1 << 20;
const RIGHTS = 0xffff_ffffn;
const [FROM_START, FROM_HERE] = [0, 1];

/** Reads the files of a library. */
export function readLibrary(path) {
  const bytes = Deno.readFileSync(path);
  const [length] = new Uint32Array(bytes.buffer, 0, 1);
  const start = 4 + length;
  const index = JSON.parse(new TextDecoder().decode(bytes.subarray(4, start)));
  const files = new Map(index.map(([name, at, size]) => [name, bytes.subarray(start + at, start + at + size)]));
  const directories = new Set([".", ...index.flatMap(([name]) => parentsOf(name))]);
  return { directories, files };
}

/**
 * The functions of WASI with a library below one directory.
 *
 * @param root the descriptor of a directory, which the library takes the place of
 */
export function withLibrary(functions, { library: { directories, files }, memory, root }) {
  const opened = new Map([[root, { path: "." }]]);
  const view = () => new DataView(memory().buffer);
  const own = {
    fd_fdstat_get(fd, at) {
      const memory = view();
      memory.setBigUint64(at >>> 0, BigInt(typeOf(opened.get(fd).path)), true);
      memory.setBigUint64((at >>> 0) + 8, RIGHTS, true);
      memory.setBigUint64((at >>> 0) + 16, RIGHTS, true);
      return 0;
    },
    fd_filestat_get: (fd, at) => describe(opened.get(fd).path, at),
    path_filestat_get(fd, _flags, path, length, at) {
      const name = nameOf(fd, path, length);
      return typeOf(name) === undefined ? MISSING : describe(name, at);
    },
    path_open(fd, _lookup, path, length, flags, _rights, _inherited, _mode, at) {
      const name = nameOf(fd, path, length);
      if (typeOf(name) === undefined) return MISSING;
      if (flags !== 0 && !directories.has(name)) return READ_ONLY;
      const descriptor = FIRST_DESCRIPTOR + opened.size;
      opened.set(descriptor, { path: name, position: 0 });
      view().setUint32(at >>> 0, descriptor, true);
      return 0;
    },
    path_readlink: () => INVALID, // There are no links.
    fd_close: () => 0,
    fd_read(fd, vectors, count, at) {
      const file = opened.get(fd);
      const length = copy(file.path, { from: file.position, vectors, count, at });
      file.position += length;
      return 0;
    },
    fd_pread(fd, vectors, count, position, at) {
      copy(opened.get(fd).path, { from: Number(position), vectors, count, at });
      return 0;
    },
    fd_seek(fd, offset, whence, at) {
      const file = opened.get(fd);
      const from = whence === FROM_START ? 0 : whence === FROM_HERE ? file.position : sizeOf(file.path);
      file.position = from + Number(offset);
      view().setBigUint64(at >>> 0, BigInt(file.position), true);
      return 0;
    },
    fd_prestat_get: functions.fd_prestat_get,
    fd_prestat_dir_name: functions.fd_prestat_dir_name,
  };
  return Object.fromEntries(
    Object.entries(functions).map(([name, call]) => [name, (...args) => {
      if (!/^(?:fd|path)_/.test(name) || name === "path_symlink") return call(...args);
      if (args[0] >= FIRST_DESCRIPTOR && !opened.has(args[0])) return BAD_DESCRIPTOR;
      return opened.has(args[0]) ? (own[name]?.(...args) ?? READ_ONLY) : call(...args);
    }]),
  );

  function nameOf(fd, address, length) {
    const text = new TextDecoder().decode(new Uint8Array(memory().buffer, address >>> 0, length));
    return cleaned(`${opened.get(fd).path}/${text}`);
  }

  function typeOf(name) {
    return files.has(name) ? REGULAR : directories.has(name) ? DIRECTORY : undefined;
  }

  function sizeOf(name) {
    return files.get(name)?.length ?? 0;
  }

  function describe(name, at) {
    new Uint8Array(memory().buffer, at >>> 0, 64).fill(0);
    view().setUint8((at >>> 0) + 16, typeOf(name));
    view().setBigUint64((at >>> 0) + 32, BigInt(sizeOf(name)), true);
    return 0;
  }

  /** Copies a part of a file to the places that vectors name; returns its length. */
  function copy(name, { at, count, from, vectors }) {
    const bytes = files.get(name) ?? new Uint8Array();
    let position = from;
    for (let index = 0; index < count; index++) {
      const vector = (vectors >>> 0) + index * 8;
      const [address, length] = [view().getUint32(vector, true), view().getUint32(vector + 4, true)];
      const part = bytes.subarray(position, position + length);
      new Uint8Array(memory().buffer).set(part, address);
      position += part.length;
    }
    view().setUint32(at >>> 0, position - from, true);
    return position - from;
  }
}

/** A path below the library without its detours. */
function cleaned(path) {
  const names = [];
  for (const name of path.split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  return names.length === 0 ? "." : names.join("/");
}

function parentsOf(path) {
  const names = path.split("/").slice(0, -1);
  return names.map((_, index) => names.slice(0, index + 1).join("/"));
}
