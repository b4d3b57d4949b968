/** The first port to try. The kernel assigns ports from 32,768 on: ip_local_port_range. */
const FIRST_PORT = 20_000;
const PORTS = 12_000;

/** Finds a free port of the loopback, outside of the range from which the kernel assigns ports. */
export function freePort(): number {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
