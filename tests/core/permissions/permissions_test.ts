import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { leavesNetwork, narrowPermissions } from "../../../src/core/permissions/narrow_permissions.ts";
import {
  NO_PERMISSIONS,
  type PermissionCeiling,
  type PermissionSettings,
  permissionsSchema,
} from "../../../src/core/permissions/permissions.ts";
import { closedNetworks } from "../../../src/core/permissions/private_networks.ts";

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

const OPEN_POLICY = { readRoots: ["/"], writeRoots: ["/"], openNetworks: ["0.0.0.0/0"] };

/** Where what was asked for is refused under a ceiling, or undefined. */
function refusedAt(requested: Partial<PermissionSettings>, ceiling: PermissionCeiling): string | undefined {
  const asked = { ...NO_PERMISSIONS, ...requested };
  try {
    assertEquals(narrowPermissions(asked, { ...OPEN_POLICY, ceiling }), asked);
    return undefined;
  } catch (error) {
    assert(error instanceof CodeBeakerError && error.code === "permission_denied", String(error));
    assertStringIncludes(error.message, "the key's ceiling");
    return error.details.errors?.[0]?.path;
  }
}

Deno.test("narrowPermissions() grants what the key's ceiling covers, and names what it does not", () => {
  const table: [Partial<PermissionSettings>, PermissionCeiling, string | undefined][] = [
    [{ allowRead: ["/data/a"] }, { allowRead: ["/data"] }, undefined],
    [{ allowRead: ["/data"] }, { allowRead: ["/"] }, undefined],
    [{ allowRead: ["/data", "/database"] }, { allowRead: ["/data"] }, "allowRead[1]"],
    [{ allowRead: ["/"] }, { allowRead: ["/data"] }, "allowRead[0]"],
    [{ allowRead: ["/data"] }, { allowRead: [] }, "allowRead[0]"],
    [{ allowRead: ["/data"] }, { allowWrite: [] }, undefined],
    [{ allowWrite: ["/data"] }, { allowRead: ["/data"], allowWrite: ["/out"] }, "allowWrite[0]"],
    [{ allowNet: true }, { allowNet: true }, undefined],
    [{ allowNet: ["a.example"] }, { allowNet: true }, undefined],
    [{ allowNet: true }, { allowNet: false }, "allowNet"],
    [{ allowNet: ["a.example"] }, { allowNet: false }, "allowNet[0]"],
    [{ allowNet: true }, { allowNet: ["a.example"] }, "allowNet"],
    [{ allowNet: true }, { allowNet: [] }, "allowNet"],
    [{ allowNet: ["a.example", "a.example:80", "A.Example:443"] }, { allowNet: ["a.example"] }, undefined],
    [{ allowNet: ["a.example:443"] }, { allowNet: ["a.EXAMPLE:443"] }, undefined],
    [{ allowNet: ["a.example:443", "a.example"] }, { allowNet: ["a.example:443"] }, "allowNet[1]"],
    [{ allowNet: ["a.example:80"] }, { allowNet: ["a.example:443"] }, "allowNet[0]"],
    [{ allowNet: ["a.example:4430"] }, { allowNet: ["a.example:443"] }, "allowNet[0]"],
    [{ allowNet: ["b.a.example"] }, { allowNet: ["a.example"] }, "allowNet[0]"],
    [{ allowNet: ["a.example.org"] }, { allowNet: ["a.example"] }, "allowNet[0]"],
    [{ allowNet: ["127.1", "0x7f000001:80"] }, { allowNet: ["127.0.0.1"] }, undefined],
    [{ allowNet: ["localhost"] }, { allowNet: ["127.0.0.1"] }, "allowNet[0]"],
    [{ allowNet: ["[0:0::1]:443"] }, { allowNet: ["[::1]:443"] }, undefined],
    [{ allowNet: ["[::1]"] }, { allowNet: ["[::1]:443"] }, "allowNet[0]"],
    [{ allowNet: ["999.1.1.1"] }, { allowNet: ["999.1.1.2"] }, "allowNet[0]"],
    [{ allowEnv: ["A"] }, { allowEnv: ["A", "B"] }, undefined],
    [{ allowEnv: ["B", "a"] }, { allowEnv: ["A", "B"] }, "allowEnv[1]"],
    [{ allowEnv: ["A"] }, { allowEnv: [] }, "allowEnv[0]"],
    [{ allowRun: true }, { allowRun: false }, "allowRun"],
    [{ allowRun: true }, { allowRun: true }, undefined],
    [{ allowRun: true, allowNet: true, allowEnv: ["A"], allowRead: ["/a"], allowWrite: ["/b"] }, {}, undefined],
    [{}, { allowRead: [], allowWrite: [], allowNet: false, allowEnv: [], allowRun: false }, undefined],
  ];
  for (const [requested, ceiling, path] of table) {
    const expected = path === undefined ? undefined : `permissions.${path}`;
    assertEquals([requested, ceiling, refusedAt(requested, ceiling)], [requested, ceiling, expected]);
  }
});

Deno.test("leavesNetwork() tells a ceiling under which everything may be reached", () => {
  const table: [PermissionCeiling, boolean][] = [
    [{}, true],
    [{ allowNet: true }, true],
    [{ allowNet: ["a.example"] }, false],
    [{ allowNet: [] }, false],
    [{ allowNet: false }, false],
  ];
  for (const [ceiling, leaves] of table) {
    const bounds = { readRoots: [], writeRoots: [], openNetworks: [], ceiling };
    assertEquals([ceiling, leavesNetwork(bounds)], [ceiling, leaves]);
    assertEquals(leavesNetwork({ ...bounds, allowedHosts: ["a.example"] }), false);
  }
});

Deno.test("narrowPermissions() lets a ceiling grant nothing that the operator's policy refuses", () => {
  const ceiling = { allowRead: ["/"], allowWrite: ["/"], allowNet: true, allowRun: true };
  const refused: Partial<PermissionSettings>[] = [
    { allowRead: ["/etc"] },
    { allowWrite: ["/data"] },
    { allowNet: ["127.0.0.1"] },
  ];
  for (const requested of refused) {
    assertThrows(
      () => narrowPermissions({ ...NO_PERMISSIONS, ...requested }, { ...POLICY, ceiling }),
      CodeBeakerError,
      "the operator",
    );
  }
});

Deno.test("narrowPermissions() grants under a ceiling exactly what it grants under each half of it", () => {
  const hosts = ["a.example", "a.example:80", "b.example:443", "10.0.0.1", "[::1]:80"];
  const subsets = Array.from({ length: 2 ** hosts.length }, (_, bits) => hosts.filter((_, index) => bits >> index & 1));
  for (const allowed of subsets) {
    for (const host of hosts) {
      const isGranted = refusedAt({ allowNet: [host] }, { allowNet: allowed }) === undefined;
      const bySome = allowed.some((entry) => refusedAt({ allowNet: [host] }, { allowNet: [entry] }) === undefined);
      assertEquals([allowed, host, isGranted], [allowed, host, bySome]);
    }
  }
});

Deno.test("narrowPermissions() names no more than some of a ceiling's entries", () => {
  const allowNet = Array.from({ length: 200 }, (_, index) => `h${index}.example`);
  const error = assertThrows(
    () => narrowPermissions({ ...NO_PERMISSIONS, allowNet: true }, { ...POLICY, ceiling: { allowNet } }),
    CodeBeakerError,
  );
  assertStringIncludes(error.message, "h9.example and 190 more");
});
