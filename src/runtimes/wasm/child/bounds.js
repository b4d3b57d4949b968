/** Keeps calls of WASI to the module's memory. Deno's functions panic at lengths that no memory has. */

/** WASI's word for an address outside the memory. */
const FAULT = 21;
/** The sizes of a vector, a subscription and an event, in bytes. A vector holds an address and a length. */
const [VECTOR, SUBSCRIPTION, EVENT] = [8, 48, 32];

/**
 * The places in memory that each function's arguments name. A place is the index of its address, the index of its
 * number of items, and the size of an item.
 */
const PLACES = {
  fd_pread: [[1, 2, VECTOR]],
  fd_prestat_dir_name: [[1, 2, 1]],
  fd_pwrite: [[1, 2, VECTOR]],
  fd_read: [[1, 2, VECTOR]],
  fd_readdir: [[1, 2, 1]],
  fd_write: [[1, 2, VECTOR]],
  path_create_directory: [[1, 2, 1]],
  path_filestat_get: [[2, 3, 1]],
  path_filestat_set_times: [[2, 3, 1]],
  path_link: [[2, 3, 1], [5, 6, 1]],
  path_open: [[2, 3, 1]],
  path_readlink: [[1, 2, 1], [3, 4, 1]],
  path_remove_directory: [[1, 2, 1]],
  path_rename: [[1, 2, 1], [4, 5, 1]],
  path_symlink: [[0, 1, 1], [3, 4, 1]],
  path_unlink_file: [[1, 2, 1]],
  poll_oneoff: [[0, 2, SUBSCRIPTION], [1, 2, EVENT]],
  random_get: [[0, 1, 1]],
  sock_recv: [[1, 2, VECTOR]],
  sock_send: [[1, 2, VECTOR]],
};

/** The functions of WASI with bounds. Those that take places in memory refuse places outside of it. */
export function keepingBounds(functions, memory) {
  const kept = Object.entries(PLACES).map(([name, places]) => {
    const call = functions[name];
    return [name, (...args) => places.every((place) => isInside(args, place)) ? call(...args) : FAULT];
  });
  return { ...functions, ...Object.fromEntries(kept) };

  function isInside(args, [address, count, size]) {
    const { buffer } = memory();
    if (outside(args[address], args[count], { size, buffer })) return false;
    if (size !== VECTOR) return true;
    const view = new DataView(buffer, args[address] >>> 0, (args[count] >>> 0) * VECTOR);
    for (let at = 0; at < view.byteLength; at += VECTOR) {
      if (outside(view.getUint32(at, true), view.getUint32(at + 4, true), { size: 1, buffer })) return false;
    }
    return true;
  }
}

/** Whether a place ends outside of memory. Address and count are numbers of 32 bits, which come with a sign. */
function outside(address, count, { buffer, size }) {
  return (address >>> 0) + (count >>> 0) * size > buffer.byteLength;
}
