/** The files in which Linux lists TCP connections of a network namespace: proc_pid_net(5). */
const TABLES = ["/proc/net/tcp", "/proc/net/tcp6"];
/** A line of such a file. It holds the ports of both ends, and the state `ESTABLISHED` or `LISTEN`. */
const LINE = /^ *\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:([0-9A-F]{4}) (01|0A) /gm;
const LISTEN = "0A";

/** The two ends of a TCP connection to this machine. */
export interface PortPair {
  readonly localPort: number;
  readonly remotePort: number;
}

/**
 * Reads the system's table of TCP connections, which shows whether a client is gone. A connection never counts as gone
 * without such a table, or where the table lacks the port that it came through. Addresses are not compared, so a lost
 * connection is overlooked while another host has the same ports.
 */
export async function readConnections(): Promise<{ isGone(ports: PortPair): boolean }> {
  const [established, listening] = [new Set<string>(), new Set<number>()];
  const tables = await Promise.all(TABLES.map(readIfThere));
  for (const [, local = "", remote = "", state] of tables.join("").matchAll(LINE)) {
    if (state === LISTEN) listening.add(parseInt(local, 16));
    else established.add(`${parseInt(local, 16)} ${parseInt(remote, 16)}`);
  }
  return {
    isGone: ({ localPort, remotePort }) => listening.has(localPort) && !established.has(`${localPort} ${remotePort}`),
  };
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch {
    return ""; // Another system, or one without IPv6.
  }
}
