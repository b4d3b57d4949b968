/** Where Linux lists the TCP connections of a network namespace: proc_pid_net(5). */
const TABLES = ["/proc/net/tcp", "/proc/net/tcp6"];
/** A line of it: the ports of both ends, and a state, either a connection that neither end has closed or a door. */
const LINE = /^ *\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:([0-9A-F]{4}) (01|0A) /gm;
const DOOR = "0A";

/** The two ends of a TCP connection to this machine. */
export interface PortPair {
  readonly localPort: number;
  readonly remotePort: number;
}

/**
 * Reads the system's table of TCP connections: of which of these the other end is known to be gone. None is where there is no
 * such table, or it does not tell of the door that they came through. Addresses are not looked at, so that a connection is
 * overlooked while another host's has the same ports.
 */
export async function readGone(): Promise<(ports: PortPair) => boolean> {
  const [established, doors] = [new Set<string>(), new Set<number>()];
  const tables = await Promise.all(TABLES.map(readIfThere));
  for (const [, local = "", remote = "", state] of tables.join("").matchAll(LINE)) {
    if (state === DOOR) doors.add(parseInt(local, 16));
    else established.add(`${parseInt(local, 16)} ${parseInt(remote, 16)}`);
  }
  return ({ localPort, remotePort }) => doors.has(localPort) && !established.has(`${localPort} ${remotePort}`);
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch {
    return ""; // Another system, or one without IPv6.
  }
}
