import { assertEquals } from "@std/assert";
import { readGone } from "../../src/server/tcp_peers.ts";

Deno.test("readGone() tells whose other end has closed, on IPv4 and IPv6, and knows nothing of what came through no door", async () => {
  for (const hostname of ["127.0.0.1", "::1"]) {
    const door = Deno.listen({ hostname, port: 0 });
    const localPort = door.addr.port;
    const client = await Deno.connect({ hostname, port: localPort });
    const ports = { localPort, remotePort: client.localAddr.port };
    const accepted = await door.accept();
    assertEquals([hostname, (await readGone())(ports)], [hostname, false]);
    client.close();
    assertEquals([hostname, (await readGone())(ports)], [hostname, true]);
    accepted.close();
    assertEquals([hostname, (await readGone())(ports)], [hostname, true]);
    door.close();
    assertEquals([hostname, (await readGone())(ports)], [hostname, false]);
  }
});
