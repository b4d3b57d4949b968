import { assertEquals } from "@std/assert";
import { isLoopback } from "../../../src/server/auth/loopback.ts";

Deno.test("isLoopback() knows the names and addresses that always mean this machine", () => {
  const hosts = [
    "localhost",
    "LocalHost",
    "127.0.0.1",
    "127.0.0.2",
    "127.255.255.254",
    "::1",
    "[::1]",
    "::ffff:127.0.0.1",
    "::FFFF:127.0.0.1",
    "[::ffff:127.0.0.1]",
    "::ffff:7f00:1",
    "::ffff:7F00:0001",
    "[::ffff:7f00:1]",
    "::ffff:7fff:fffe",
  ];
  assertEquals(hosts.filter((host) => !isLoopback(host)), []);
});

Deno.test("isLoopback() takes no other address for this machine", () => {
  const hosts = [
    "0.0.0.0",
    "10.0.0.1",
    "126.0.0.1",
    "128.0.0.1",
    "192.168.1.5",
    "1.127.0.0",
    "1127.0.0.1",
    "127.0.0",
    "127.0.0.1.1",
    "127.0.0.",
    "127.0.0.1234",
    "::",
    "::2",
    "::11",
    "1::1",
    "::1%eth0",
    "fe80::1",
    "fd00::1",
    "::127.0.0.1",
    "::f:127.0.0.1",
    "::fffff:127.0.0.1",
    "::7f00:1",
    "::fffe:7f00:1",
    "::ffff:7eff:1",
    "::ffff:8000:1",
    "::ffff:7f0:1",
    "::ffff:7f00",
    "::ffff:7f00:12345",
    "::ffff:7f00:1:1",
    "::ffff:7fgg:1",
    "::ffff:7f__:1",
    "::ffff:7f00:wxyz",
    "64:ff9b::7f00:1",
    "::ffff:126.0.0.1",
    "::ffff:8.8.8.8",
  ];
  assertEquals(hosts.filter(isLoopback), []);
});

Deno.test("isLoopback() takes no name that only looks like this machine's", () => {
  const hosts = [
    "",
    " ",
    "localhost.",
    "localhost.evil.com",
    "evil-localhost",
    "evil.localhost.com",
    "localhost:8000",
    "localhost ",
    "localhost\n",
    "localhost\0",
    "local",
    "127.0.0.1.evil.com",
    "evil.com.127.0.0.1",
    "127.0.0.1:8000",
    "127.0.0.1\n",
    "127.0.0.1/8",
    "user@127.0.0.1",
    "127-0-0-1",
    "127.0.0.x",
    "127.0.0.1.nip.io",
    "::1.evil.com",
    "[[::1]]",
    "http://localhost",
    "ⓛocalhost",
    "１27.0.0.1",
  ];
  assertEquals(hosts.filter(isLoopback), []);
});
