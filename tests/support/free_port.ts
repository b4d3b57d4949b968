/** Where ports for this begin. The kernel gives none below 32,768 by itself: ip_local_port_range. */
const FIRST_PORT = 20_000;
const PORTS = 12_000;

/** A port of the loopback that nobody has, and that nobody gets who asks for any port. */
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
