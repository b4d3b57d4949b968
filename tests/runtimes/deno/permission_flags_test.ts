import { assert, assertEquals, assertThrows } from "@std/assert";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { NO_PERMISSIONS, type PermissionSettings } from "../../../src/core/permissions/permissions.ts";
import { type FlagSettings, permissionFlags, whyNotFlags } from "../../../src/runtimes/deno/permission_flags.ts";

const BASE: FlagSettings = {
  workspace: "/w",
  temporaryDirectory: "/t",
  permissions: NO_PERMISSIONS,
  variables: [],
  limits: DEFAULT_LIMITS,
  openNetworks: [],
  ownAddresses: [],
  npmRegistry: "https://registry.npmjs.org/",
  detectCommonJs: false,
};

function flags(permissions: Partial<PermissionSettings>, options: Partial<FlagSettings> = {}): string[] {
  return permissionFlags({ ...BASE, ...options, permissions: { ...NO_PERMISSIONS, ...permissions } });
}

Deno.test("permissionFlags() denies everything for empty settings", () => {
  assertEquals(permissionFlags(BASE), [
    "--no-prompt",
    "--quiet",
    "--no-code-cache",
    "--node-modules-dir=none",
    "--deny-ffi",
    "--ignore-env",
    "--no-config",
    "--no-lock",
    "--no-npm",
    "--no-remote",
    "--deny-import",
    "--deny-net",
    "--deny-run",
    "--deny-sys",
    "--allow-read=/w,/t",
    "--allow-write=/w,/t",
    "--v8-flags=--max-old-space-size=256,--wasm-max-mem-pages=4096",
  ]);
});

Deno.test("permissionFlags() grants exactly what is listed", () => {
  const all = flags({ allowRead: ["/data"], allowWrite: ["/out"], allowEnv: ["B"] }, { variables: ["A"] });
  assertEquals(all.filter((flag) => flag.startsWith("--allow")), [
    "--allow-env=A,B",
    "--allow-read=/w,/t,/data",
    "--allow-write=/w,/t,/out",
  ]);
});

Deno.test("permissionFlags() lets a program start others only where that was granted, and in no list", () => {
  assertEquals(
    flags({ allowRun: true }),
    permissionFlags(BASE).map((flag) => flag === "--deny-run" ? "--allow-run" : flag),
  );
});

Deno.test("permissionFlags() keeps the private networks and this machine out of every network it grants", () => {
  for (const allowNet of [true, ["example.com:443"]]) {
    const all = flags({ allowNet }, { ownAddresses: ["198.51.100.7", "[fd00::2]"] });
    for (const flag of ["--deny-net", "--deny-import"]) {
      const denied = all.find((given) => given.startsWith(`${flag}=`)) ?? "";
      for (const network of ["127.0.0.0/8", "10.0.0.0/8", "169.254.0.0/16", "198.51.100.7", "[fd00::2]", "[::1]"]) {
        assert(denied.includes(network), `${flag} lacks ${network}`);
      }
    }
    assert(!all.includes("--deny-net") && !all.includes("--no-remote"));
  }
});

Deno.test("permissionFlags() lets a list of hosts reach those hosts, for imports too, and npm only with its registry", () => {
  const some = flags({ allowNet: ["example.com", "example.org:8443"] });
  assert(
    some.includes("--allow-net=example.com,example.org:8443") &&
      some.includes("--allow-import=example.com,example.org:8443"),
  );
  assert(some.includes("--no-npm"));
  assert(!flags({ allowNet: ["registry.npmjs.org:443"] }).includes("--no-npm"));
  assert(!flags({ allowNet: true }).includes("--no-npm"));
});

Deno.test("permissionFlags() lets npm only through to the registry that is configured", () => {
  const mirror = (registry: string, allowNet: string[]) => flags({ allowNet }, { npmRegistry: registry });
  for (const host of ["npm.example.com", "npm.example.com:8443"]) {
    assert(!mirror("https://npm.example.com:8443/path/", [host]).includes("--no-npm"), host);
  }
  for (const host of ["registry.npmjs.org", "npm.example.com:443", "example.com"]) {
    assert(mirror("https://npm.example.com:8443/path/", [host]).includes("--no-npm"), host);
  }
  assert(!mirror("http://npm.example.com/", ["npm.example.com:80"]).includes("--no-npm"));
});

Deno.test("permissionFlags() lets a program import what was installed, and ask for nothing more", () => {
  const packages = { configPath: "/p/deno.json", lockPath: "/p/deno.lock", directory: "/d/npm" };
  for (const allowNet of [false, ["example.com"]]) {
    const all = flags({ allowNet, allowRead: ["/data"] }, { packages });
    for (const flag of ["--config=/p/deno.json", "--lock=/p/deno.lock", "--cached-only", "--node-modules-dir=none"]) {
      assert(all.includes(flag), flag);
    }
    assert(all.includes("--allow-read=/w,/t,/d/npm,/data") && all.includes("--allow-write=/w,/t"));
    assert(!all.includes("--no-npm") && !all.includes("--no-config") && !all.includes("--no-lock"));
  }
  assert(flags({}, { packages }).includes("--no-remote"));
  const online = flags({ allowNet: true }, { packages });
  assert(online.includes("--config=/p/deno.json") && online.includes("--no-lock") && !online.includes("--cached-only"));
});

Deno.test("permissionFlags() leaves open what the operator opened, and no more", () => {
  const denied =
    flags({ allowNet: true }, { openNetworks: ["127.0.0.1/32"] }).find((flag) => flag.startsWith("--deny-net=")) ?? "";
  const networks = denied.slice("--deny-net=".length).split(",");
  assert(!networks.includes("127.0.0.0/8") && !networks.includes("127.0.0.1/32") && networks.includes("127.0.0.2/31"));
});

Deno.test("permissionFlags() refuses values that would widen a list", () => {
  for (const path of ["/s/a,/etc", "/a\n/etc", "/a\0", "", "-A", "--allow-all"]) {
    assertThrows(() => flags({ allowRead: [path] }), TypeError);
    assert(whyNotFlags({ ...NO_PERMISSIONS, allowRead: [path] }) !== undefined, path);
  }
  assertThrows(() => permissionFlags({ ...BASE, workspace: "/w,/" }), TypeError);
  assertEquals(whyNotFlags({ ...NO_PERMISSIONS, allowRead: ["/fine path"], allowWrite: ["/ü"] }), undefined);
  assert(whyNotFlags({ ...NO_PERMISSIONS, allowNet: ["[2606:4700::1111]:443"] }) !== undefined);
});
