import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { anyText } from "../../support/any_text.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { type PermissionSettings, permissionsSchema } from "../../../src/core/permissions/permissions.ts";
import { permissionFlags, whyNotFlags } from "../../../src/runtimes/deno/permission_flags.ts";

/** What could end an entry, a list or a flag. */
const HOSTILE = [
  ",",
  ",/etc",
  "=",
  "\n",
  "\0",
  "\t",
  " --allow-all",
  "--allow-all",
  "-A",
  "*",
  "'",
  '"',
  "$(id)",
  "%2c",
  "\uff0c",
  ";",
  "\x7f",
];
const text = fc.oneof(
  anyText({ maxLength: 10 }),
  fc.array(fc.constantFrom(...HOSTILE, "a", "/", "."), { maxLength: 5 }).map((parts) => parts.join("")),
);
const path = text.map((end) => `/${end}`);

/** Settings as they come from anywhere, whether a schema would take them or not. */
const anySettings: fc.Arbitrary<PermissionSettings> = fc.record({
  allowRead: fc.array(fc.oneof(path, text), { maxLength: 4 }),
  allowWrite: fc.array(fc.oneof(path, text), { maxLength: 4 }),
  allowNet: fc.oneof(fc.boolean(), fc.array(text, { minLength: 1, maxLength: 4 })),
  allowEnv: fc.array(text, { maxLength: 4 }),
  allowRun: fc.boolean(),
});

const host = fc.tuple(fc.domain(), fc.option(fc.integer({ min: 1, max: 65_535 }))).map(([name, port]) =>
  port === null ? name : `${name}:${port}`
);

/** Settings that the schema takes. */
const settings = fc.record({
  allowRead: fc.array(path.filter(isTaken), { maxLength: 4 }),
  allowWrite: fc.array(path.filter(isTaken), { maxLength: 4 }),
  allowNet: fc.oneof(fc.boolean(), fc.array(host, { maxLength: 4 })),
  allowEnv: fc.array(fc.stringMatching(/^[A-C]{1,3}$/), { maxLength: 4 }),
  allowRun: fc.boolean(),
}).map((value): PermissionSettings => permissionsSchema.parse(value));

function isTaken(given: string): boolean {
  return permissionsSchema.safeParse({ allowRead: [given] }).success;
}

function build(permissions: PermissionSettings): string[] {
  return permissionFlags({
    workspace: "/w",
    temporaryDirectory: "/t",
    permissions,
    variables: ["TMPDIR"],
    limits: DEFAULT_LIMITS,
    openNetworks: [],
    ownAddresses: ["198.51.100.7"],
    npmRegistry: "https://registry.example/",
    detectCommonJs: false,
  });
}

/** Flags as Deno reads them: a name, and a list that is split at commas. */
function readBack(flags: readonly string[]): Map<string, string[] | undefined> {
  const read = new Map<string, string[] | undefined>();
  for (const flag of flags) {
    const [, name = "", , values] = /^(--[a-z0-9-]+)(=([^]*))?$/.exec(flag) ?? [];
    assert(name !== "" && !read.has(name), `${JSON.stringify(flag)} is no flag, or there twice`);
    read.set(name, values?.split(","));
  }
  return read;
}

const ENTRIES_OF = ["--allow-env", "--allow-read", "--allow-write", "--allow-net", "--allow-import"];

/** What of the flags may differ with what a client says. */
function check(permissions: PermissionSettings, flags: readonly string[]): void {
  const { allowRead, allowWrite, allowNet, allowEnv, allowRun } = permissions;
  const read = readBack(flags);
  const distinct = (values: readonly string[]) => [...new Set(values)];
  assertEquals(read.get("--allow-env"), distinct(["TMPDIR", ...allowEnv]));
  assertEquals(read.get("--allow-read"), distinct(["/w", "/t", ...allowRead]));
  assertEquals(read.get("--allow-write"), distinct(["/w", "/t", ...allowWrite]));
  for (const flag of ["--allow-net", "--allow-import"]) {
    assertEquals([flag, read.has(flag)], [flag, allowNet !== false]);
    assertEquals(read.get(flag), typeof allowNet === "object" ? distinct(allowNet) : undefined);
  }
  assertEquals([read.has("--allow-run"), read.has("--deny-run")], [allowRun, !allowRun]);
  const plain = { allowRead: [], allowWrite: [], allowEnv: [], allowRun };
  const likeIt = { ...plain, allowNet: typeof allowNet === "boolean" ? allowNet : ["other.example"] };
  const others = (all: readonly string[]) => all.filter((flag) => !ENTRIES_OF.includes(flag.replace(/=[^]*/, "")));
  assertEquals(others(flags), others(build(likeIt)));
}

Deno.test("permissionFlags() says what the settings say and nothing else, read back as Deno reads it", () => {
  let built = 0;
  fc.assert(
    fc.property(settings, (permissions) => {
      if (whyNotFlags(permissions) !== undefined) return;
      built++;
      check(permissions, build(permissions));
    }),
    { numRuns: 2_000 },
  );
  assert(built > 100, "too few were built to show anything");
});

Deno.test("permissionFlags() lets no value be another entry, list or flag, also where no schema has seen it", () => {
  let refused = 0;
  fc.assert(
    fc.property(anySettings, (permissions) => {
      let flags: string[];
      try {
        flags = build(permissions);
      } catch (error) {
        refused++;
        return assert(error instanceof TypeError, `${error}`);
      }
      check(permissions, flags);
    }),
    { numRuns: 3_000 },
  );
  assert(refused > 100, "too few were refused to show anything");
});

Deno.test("permissionFlags() never refuses what whyNotFlags() finds nothing against", () => {
  fc.assert(
    fc.property(settings, (permissions) => {
      if (whyNotFlags(permissions) === undefined) assert(build(permissions).length > 0);
    }),
    { numRuns: 1_000 },
  );
});
