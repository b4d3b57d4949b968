import { assertEquals, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../src/core/errors.ts";
import {
  narrowPermissions,
  NO_PERMISSIONS,
  type PermissionSettings,
  permissionsSchema,
} from "../../src/core/permissions.ts";
import { closedNetworks } from "../../src/core/private_networks.ts";

const POLICY = { readRoots: ["/data", "/srv/public/"], writeRoots: ["/out"], openNetworks: ["10.1.0.0/16"] };

function narrow(requested: Partial<PermissionSettings>): PermissionSettings {
  return narrowPermissions({ ...NO_PERMISSIONS, ...requested }, POLICY);
}

Deno.test("narrowPermissions() grants what lies below the operator's roots", () => {
  assertEquals(
    narrow({ allowRead: ["/data", "/data/a", "/srv/public/x"], allowWrite: ["/out/b"] }).allowRead.length,
    3,
  );
});

Deno.test("narrowPermissions() refuses every other path, and names it", () => {
  const table: [Partial<PermissionSettings>, string][] = [
    [{ allowRead: ["/data", "/etc"] }, "permissions.allowRead[1]"],
    [{ allowRead: ["/database"] }, "permissions.allowRead[0]"],
    [{ allowRead: ["/"] }, "permissions.allowRead[0]"],
    [{ allowWrite: ["/data"] }, "permissions.allowWrite[0]"],
  ];
  for (const [requested, path] of table) {
    const error = assertThrows(() => narrow(requested), CodeBeakerError);
    assertEquals([error.code, error.details.errors?.[0]?.path], ["permission_denied", path]);
  }
  assertThrows(
    () =>
      narrowPermissions({ ...NO_PERMISSIONS, allowRead: ["/data"] }, {
        readRoots: [],
        writeRoots: [],
        openNetworks: [],
      }),
    CodeBeakerError,
  );
});

Deno.test("narrowPermissions() refuses private addresses in every spelling", () => {
  const closed = [
    "127.0.0.1",
    "127.0.0.1:80",
    "localhost",
    "LOCALHOST:1",
    "a.localhost",
    "10.2.0.1",
    "192.168.1.1:443",
    "169.254.169.254",
    "127.1",
    "0x7f000001",
    "2130706433",
    "0",
    "017700000001",
  ];
  for (const host of closed) {
    const error = assertThrows(() => narrow({ allowNet: ["example.com", host] }), CodeBeakerError, host);
    assertEquals(error.details.errors?.[0]?.path, "permissions.allowNet[1]");
  }
});

Deno.test("narrowPermissions() lets names, public addresses and opened networks through", () => {
  const open = ["example.com", "example.com:8443", "93.184.216.34", "10.1.2.3:80", "[2606:4700::1111]:443"];
  assertEquals(narrow({ allowNet: open }).allowNet, open);
});

Deno.test("permissionsSchema takes hosts that are hosts and nothing else", () => {
  for (const host of ["a", "a.b", "a:1", "1.2.3.4:65535", "[::1]", "[::1]:80", "xn--bcher-kva.example"]) {
    assertEquals([host, permissionsSchema.safeParse({ allowNet: [host] }).success], [host, true]);
  }
  for (
    const host of [
      "",
      "a,b",
      "a b",
      "-a",
      "a:0",
      "a:65536",
      "a:",
      "http://a",
      "*.a",
      "a/b",
      "a\nb",
      "[::1",
      "::1",
      "a@b",
      "bücher.example",
    ]
  ) {
    assertEquals([host, permissionsSchema.safeParse({ allowNet: [host] }).success], [host, false]);
  }
});

Deno.test("closedNetworks() leaves out exactly what was opened", () => {
  assertEquals(closedNetworks([]).includes("127.0.0.0/8"), true);
  const closed = closedNetworks(["127.0.0.1/32"]);
  assertEquals(closed.includes("127.0.0.0/8"), false);
  assertEquals(closed.includes("127.0.0.0/32"), true);
  assertEquals(closed.includes("10.0.0.0/8"), true);
});
