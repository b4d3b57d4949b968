import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { anyText } from "../../support/any_text.ts";
import { posix } from "node:path";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { narrowPermissions } from "../../../src/core/permissions/narrow_permissions.ts";
import {
  type PermissionBounds,
  type PermissionCeiling,
  type PermissionSettings,
  permissionsSchema,
} from "../../../src/core/permissions/permissions.ts";

const PATHS = ["/", "/a", "/a/", "/a/b", "/a/b/c", "/ab", "/a,/b", "/b", "/./a", "//a", "/a//b"];
const HOSTS = [
  "a.example",
  "A.example",
  "a.example:80",
  "a.example:443",
  "b.a.example",
  "8.8.8.8",
  "10.0.0.1",
  "10.0.0.1:80",
  "127.1",
  "localhost",
  "[::1]",
];
const NAMES = ["A", "B", "a", "AB"];

const list = (values: readonly string[]) => fc.subarray([...values], { maxLength: 4 });
const network = fc.oneof(fc.boolean(), list(HOSTS));
const requested: fc.Arbitrary<PermissionSettings> = fc.record({
  allowRead: list(PATHS),
  allowWrite: list(PATHS),
  allowNet: network,
  allowEnv: list(NAMES),
  allowRun: fc.boolean(),
}).map((value) => permissionsSchema.parse(value));
const ceiling: fc.Arbitrary<PermissionCeiling> = fc.record({
  allowRead: list(PATHS),
  allowWrite: list(PATHS),
  allowNet: network,
  allowEnv: list(NAMES),
  allowRun: fc.boolean(),
}, { requiredKeys: [] });
const bounds: fc.Arbitrary<PermissionBounds> = fc.record({
  readRoots: list(PATHS),
  writeRoots: list(PATHS),
  openNetworks: fc.subarray(["10.0.0.0/8", "127.0.0.0/8"]),
  ceiling: fc.option(ceiling, { nil: undefined }),
});

function narrow(settings: PermissionSettings, by: PermissionBounds): PermissionSettings | undefined {
  try {
    return narrowPermissions(settings, by);
  } catch (error) {
    assert(error instanceof CodeBeakerError && error.code === "permission_denied", `${error}`);
    return undefined;
  }
}

/** By the operating system's idea of a path. */
function lies(path: string, roots: readonly string[] | undefined): boolean {
  return roots === undefined || roots.some((root) => {
    const way = posix.relative(root, path);
    return way !== ".." && !way.startsWith("../");
  });
}

/** By the idea that a URL has of a host. */
function namesOnly(entry: string, allowed: readonly string[]): boolean {
  const told = (text: string) => {
    const port = /:(\d+)$/.exec(text)?.[1];
    return { host: new URL(`ftp://${text}`.replace("ftp", "http")).hostname, port };
  };
  const asked = told(entry);
  return allowed.map(told).some(({ host, port }) => host === asked.host && (port === undefined || port === asked.port));
}

function isCovered({ allowNet }: PermissionSettings, allowed: PermissionCeiling["allowNet"]): boolean {
  if (allowed === undefined || allowed === true || allowNet === false) return true;
  return allowNet !== true && allowed !== false && allowNet.every((entry) => namesOnly(entry, allowed));
}

Deno.test("narrowPermissions() never widens: whatever it grants was asked for, and policy and ceiling cover it", () => {
  let granted = 0;
  fc.assert(
    fc.property(requested, bounds, (settings, by) => {
      const narrowed = narrow(settings, by);
      if (narrowed === undefined) return;
      granted++;
      assertEquals(narrowed, settings);
      const { readRoots, writeRoots, ceiling = {} } = by;
      for (const path of narrowed.allowRead) assert(lies(path, readRoots) && lies(path, ceiling.allowRead), path);
      for (const path of narrowed.allowWrite) assert(lies(path, writeRoots) && lies(path, ceiling.allowWrite), path);
      assert(isCovered(narrowed, ceiling.allowNet));
      for (const name of narrowed.allowEnv) assert(ceiling.allowEnv?.includes(name) ?? true, name);
      assert(!narrowed.allowRun || ceiling.allowRun !== false);
      const hosts = typeof narrowed.allowNet === "object" ? narrowed.allowNet : [];
      assert(by.openNetworks.includes("10.0.0.0/8") || !hosts.some((entry) => entry.startsWith("10.")));
      assert(by.openNetworks.includes("127.0.0.0/8") || !hosts.some((entry) => /^(127|localhost)/.test(entry)));
    }),
    { numRuns: 2_000 },
  );
  assert(granted > 50, "too few were granted to show anything");
});

Deno.test("narrowPermissions() of what it granted is the same again, and so is each smaller request", () => {
  fc.assert(
    fc.property(requested, bounds, fc.infiniteStream(fc.boolean()), (settings, by, keeps) => {
      const narrowed = narrow(settings, by);
      if (narrowed === undefined) return;
      assertEquals(narrow(narrowed, by), narrowed);
      const some = <T>(values: readonly T[]) => values.filter(() => keeps.next().value);
      const { allowRead, allowWrite, allowNet, allowEnv, allowRun } = narrowed;
      const smaller = permissionsSchema.parse({
        allowRead: some(allowRead),
        allowWrite: some(allowWrite),
        allowNet: typeof allowNet === "boolean" ? allowNet : some(allowNet),
        allowEnv: some(allowEnv),
        allowRun: allowRun && keeps.next().value,
      });
      assertEquals(narrow(smaller, by), smaller);
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("narrowPermissions() grants under wider bounds all that it grants under narrower ones", () => {
  fc.assert(
    fc.property(requested, bounds, bounds, (settings, narrower, more) => {
      if (narrow(settings, narrower) === undefined) return;
      const wider = {
        readRoots: [...narrower.readRoots, ...more.readRoots],
        writeRoots: [...more.writeRoots, ...narrower.writeRoots],
        openNetworks: [...new Set([...narrower.openNetworks, ...more.openNetworks])],
      };
      assertEquals(narrow(settings, { ...wider, ceiling: narrower.ceiling }), settings);
      assertEquals(narrow(settings, wider), settings);
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("permissionsSchema takes of any JSON only lists whose entries are paths, hosts and names", () => {
  const text = fc.oneof(
    anyText(),
    fc.constantFrom("/a,/b", "a,b", "*", "-A", "/../a", "a\n", "host:0"),
  );
  const value = fc.oneof(fc.jsonValue(), text, fc.array(text), fc.boolean());
  const fields = fc.dictionary(
    fc.constantFrom("allowRead", "allowWrite", "allowNet", "allowEnv", "allowRun", "allowAll"),
    value,
  );
  fc.assert(
    fc.property(fields, (given) => {
      const { success, data } = permissionsSchema.safeParse(given);
      if (!success) return;
      assert(!("allowAll" in given));
      for (const path of [...data.allowRead, ...data.allowWrite]) {
        assert(path.startsWith("/") && path.isWellFormed() && !path.includes("\0") && !path.split("/").includes(".."));
      }
      const hosts = typeof data.allowNet === "object" ? data.allowNet : [];
      for (const host of hosts) assert(/^[A-Za-z0-9[][A-Za-z0-9.:\]-]*$/.test(host), host);
      for (const name of data.allowEnv) assert(/^\w+$/.test(name), name);
    }),
    { numRuns: 2_000 },
  );
});
