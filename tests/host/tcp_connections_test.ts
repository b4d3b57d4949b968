import { assertEquals } from "@std/assert";
import { readConnections } from "../../src/host/tcp_connections.ts";

Deno.test("readConnections() tells whose other end has closed, on IPv4 and IPv6, and knows nothing of ports on which nobody listens", async () => {
  for (const hostname of ["127.0.0.1", "::1"]) {
    const door = Deno.listen({ hostname, port: 0 });
    const localPort = door.addr.port;
    const client = await Deno.connect({ hostname, port: localPort });
    const ports = { localPort, remotePort: client.localAddr.port };
    const accepted = await door.accept();
    assertEquals([hostname, (await readConnections()).isGone(ports)], [hostname, false]);
    client.close();
    assertEquals([hostname, (await readConnections()).isGone(ports)], [hostname, true]);
    accepted.close();
    assertEquals([hostname, (await readConnections()).isGone(ports)], [hostname, true]);
    door.close();
    assertEquals([hostname, (await readConnections()).isGone(ports)], [hostname, false]);
  }
});
