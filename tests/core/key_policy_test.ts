import { assert, assertEquals } from "@std/assert";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { apiKeysSchema, type ConfiguredKey, keyPolicySchema } from "../../src/core/key_policy.ts";
import { parseAs } from "../../src/core/parsing/validation.ts";

const KEY = "a-secret-that-nobody-may-ever-see";
/** SHA-256 of {@link KEY}. */
const HASH = "d23e45ee0bee36e5dadbea9d98b6d8495723d13f787c712c38da04050808ec51";

function parse(value: unknown): ConfiguredKey[] {
  return parseAs(apiKeysSchema, value, { what: "the setting" });
}

/** The message that a value is refused with. */
function refusal(value: unknown): string {
  try {
    parse(value);
  } catch (error) {
    assert(error instanceof CodeBeakerError && error.code === "invalid_request", String(error));
    return JSON.stringify([error.message, error.details]);
  }
  throw new Error(`Not refused: ${JSON.stringify(value)}`);
}

Deno.test("keyPolicySchema grants execute and sessions, and nothing more, where nothing is said", () => {
  assertEquals(keyPolicySchema.parse({}), {
    scopes: ["execute", "sessions"],
    minIsolation: 0,
    permissions: {},
    quota: {},
  });
});

Deno.test("keyPolicySchema takes what operators write, in whatever order", () => {
  const written = {
    scopes: ["admin", "execute", "admin"],
    minIsolation: 10,
    permissions: {
      allowRead: [],
      allowWrite: ["/out"],
      allowNet: ["a.example:443"],
      allowEnv: ["CI"],
      allowRun: false,
    },
    quota: { maxConcurrent: 1, executionsPerMinute: 60, cpuSecondsPerDay: 3_600 },
  };
  assertEquals(keyPolicySchema.parse(written), { ...written, scopes: ["execute", "admin"] });
});

Deno.test("keyPolicySchema refuses what is off", () => {
  const off = [
    { scopes: [] },
    { scopes: ["exec"] },
    { scopes: "execute" },
    { minIsolation: 11 },
    { minIsolation: -1 },
    { permissions: { allowNet: ["a,b"] } },
    { permissions: { allowNet: "a.example" } },
    { permissions: { allowRead: ["relative"] } },
    { permissions: { allowRead: ["/a/../etc"] } },
    { permissions: { allowEnv: ["LD_PRELOAD"] } },
    { permissions: { allowRun: "false" } },
    { permissions: { allowFfi: true } },
    { permissions: null },
    { quota: { maxConcurrent: 0 } },
    { quota: { executionsPerMinute: 1.5 } },
    { quota: { cpuSecondsPerDay: Infinity } },
    { quota: { cpuMinutesPerDay: 1 } },
    { scope: ["execute"] },
  ];
  for (const policy of off) assertEquals([policy, keyPolicySchema.safeParse(policy).success], [policy, false]);
});

Deno.test("apiKeysSchema keeps the hash of each key, and not the key", () => {
  const policy = { scopes: ["execute", "sessions"] as const, minIsolation: 0, permissions: {}, quota: {} };
  const asJson = JSON.stringify([{ name: "ci", key: KEY, minIsolation: 8 }]);
  assertEquals(parse(asJson), parse(JSON.parse(asJson)));
  assertEquals(parse(` ${asJson}`), [{
    ...policy,
    scopes: [...policy.scopes],
    name: "ci",
    hash: HASH,
    minIsolation: 8,
  }]);
  assertEquals(parse(`ci=${KEY}, b.2-x_Y=${KEY}==`).map(({ name, scopes }) => [name, scopes]), [
    ["ci", ["execute", "sessions"]],
    ["b.2-x_Y", ["execute", "sessions"]],
  ]);
  assertEquals(JSON.stringify(parse(`ci=${KEY}`)).includes(KEY), false);
  assertEquals(parse("[]"), []);
});

Deno.test("apiKeysSchema refuses what is off without a word of what may be a secret", () => {
  const other = `${KEY}-too`;
  const off = [
    KEY,
    `=${KEY}`,
    `${KEY}=ci`,
    `ci=${KEY.slice(0, 31)}`,
    `ci=${KEY},`,
    `ci=${KEY}\n${other}`,
    `ci=${KEY} ${other}`,
    `ci=${KEY}é`,
    `ci=${KEY.repeat(100)}`,
    `ci=${KEY},ci=${other}`,
    `ci=${KEY},cd=${KEY}`,
    `-ci=${KEY}`,
    `config:ci=${KEY}`,
    "",
    `[{"name":"ci","key":"${KEY}"`,
    `[{"name":"ci","key":"${KEY}","key2":"${KEY}"}]`,
    [KEY],
    [[KEY]],
    [{ [KEY]: "ci" }],
    [{ name: "ci", key: KEY, [KEY]: 1 }],
    [{ name: "ci", key: KEY, scopes: [KEY] }],
    [{ name: "ci", key: KEY, minIsolation: KEY }],
    [{ name: KEY.repeat(2), key: other }],
    [{ name: "ci", key: { value: KEY } }],
    [{ name: "ci", key: KEY, toString: 1 }],
    { ci: KEY },
    { [KEY]: "ci" },
    17,
    null,
  ];
  for (const value of off) {
    const message = refusal(value);
    assertEquals([value, message.includes(KEY.slice(0, 12))], [value, false]);
  }
});

Deno.test("apiKeysSchema says where the fault is", () => {
  const table: [unknown, string][] = [
    [`ci=${KEY},b=short`, "[1].key: A key is at least 32 characters long"],
    [[{ name: "ci", key: KEY, scope: [] }], "unknown (known: name, key, scopes"],
    [[{ name: "ci", key: KEY, scopes: ["exec"] }], "A scope is one of execute, sessions, admin"],
    [[{ name: "ci", key: KEY, quota: { maxConcurent: 1 } }], "quota.maxConcurent"],
    [{ ci: KEY }, "Must be a list of keys"],
  ];
  for (const [value, text] of table) assertEquals([value, refusal(value).includes(text)], [value, true]);
});
