/** Accepts connections, counts them, and closes them. Disposing ends that. */
export interface ConnectionCounter extends AsyncDisposable {
  /** The addresses on which it listens. */
  readonly addresses: readonly Deno.NetAddr[];
  /** The number of connections so far. */
  connections(): number;
}

/** Listens on a free port of each of these addresses of this machine. */
export function countConnections(hostnames: readonly string[]): ConnectionCounter {
  const listeners = hostnames.map((hostname) => Deno.listen({ hostname, port: 0 }));
  let connections = 0;
  async function accept(listener: Deno.TcpListener): Promise<void> {
    for await (const connection of listener) {
      connections++;
      connection.close();
    }
  }
  const accepting = Promise.allSettled(listeners.map(accept));
  return {
    addresses: listeners.map(({ addr }) => addr),
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      for (const listener of listeners) listener.close();
      await accepting;
    },
  };
}
