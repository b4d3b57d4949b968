import { openCLibrary } from "./system_calls.ts";

const SYMBOLS = {
  close: { parameters: ["i32"], result: "i32" },
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "isize" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0x8_0000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** Bytes of an address after its family: unix(7). */
const MAX_NAME_BYTES = 108;

/**
 * Reports to a manager of services by one datagram: sd_notify(3). It does not wait.
 *
 * @param socket the manager's socket: a path, or `@` and an abstract name
 * @param state assignments, one a line, such as `READY=1`
 * @returns whether the datagram was sent
 */
export function reportTo(socket: string, state: string): boolean {
  const address = addressOf(socket);
  if (address === undefined) return false;
  const library = openCLibrary(SYMBOLS);
  if (library === undefined) return false;
  const { close, sendto, socket: open } = library.symbols;
  const descriptor = open(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const bytes = new TextEncoder().encode(state);
  const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
  const sent = sendto(descriptor, bytes, BigInt(bytes.length), flags, address, address.length);
  close(descriptor);
  library.close();
  return Number(sent) === bytes.length;
}

/** Encodes an address. Undefined for a socket of another kind, and for a name that is too long. */
function addressOf(socket: string): Uint8Array<ArrayBuffer> | undefined {
  const name = new TextEncoder().encode(socket);
  if (!/^[/@]./.test(socket) || name.length > MAX_NAME_BYTES) return undefined;
  if (socket.startsWith("@")) name[0] = 0;
  const family = new Uint8Array(Uint16Array.of(AF_UNIX).buffer); // In this processor's order of bytes.
  return Uint8Array.of(...family, ...name);
}
