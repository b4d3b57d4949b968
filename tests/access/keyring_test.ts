import { assertEquals, assertThrows } from "@std/assert";
import { formatKey, hashSecret, makeKey } from "../../src/access/key.ts";
import { Keyring } from "../../src/access/keyring.ts";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { apiKeysSchema, type ConfiguredKey, keyPolicySchema } from "../../src/core/key_policy.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { FakeAuditStore, FakeKeyStore } from "../support/fake_keys.ts";

const POLICY = keyPolicySchema.parse({});

function openKeyring(configured: readonly ConfiguredKey[] = []) {
  const keys = new FakeKeyStore();
  const audit = new FakeAuditStore();
  const clock = new FakeClock();
  return { keys, audit, clock, keyring: new Keyring({ keys, audit, clock, configured }) };
}

function refusal(keyring: Keyring, key: string | undefined): string {
  const error = assertThrows(() => keyring.authenticate(key), CodeBeakerError);
  assertEquals(error.code, "unauthorized");
  return error.message;
}

Deno.test("Keyring authenticates the owner of a stored key as a tenant of the key's id", () => {
  const { keyring } = openKeyring();
  const policy = keyPolicySchema.parse({
    scopes: ["execute", "execute"],
    minIsolation: 8,
    permissions: { allowNet: ["example.com"], allowRun: false },
    quota: { maxConcurrent: 2 },
  });
  const { id, text } = keyring.create("ci", policy);
  assertEquals(keyring.authenticate(text), {
    tenant: id,
    name: "ci",
    scopes: ["execute"],
    minIsolation: 8,
    ceiling: { allowNet: ["example.com"], allowRun: false },
    quota: { maxConcurrent: 2 },
  });
});

Deno.test("Keyring keeps the hash of a secret and nothing that holds the secret, in the store and in the audit log", () => {
  const { keyring, keys, audit } = openKeyring();
  const { id, text } = keyring.create("ci", POLICY);
  const secret = text.split("_")[2] ?? "";
  assertEquals(keys.kept.get(id)?.hash, hashSecret(secret));
  assertEquals(JSON.stringify([...keys.kept.values(), ...audit.entries, keyring.list()]).includes(secret), false);
});

Deno.test("Keyring refuses everybody else, always in the same words", () => {
  const { keyring } = openKeyring(apiKeysSchema.parse(`ops=${"k".repeat(40)}`));
  const { id, text } = keyring.create("ci", POLICY);
  const revoked = keyring.create("old", POLICY);
  keyring.revoke(revoked.id);
  const refused = [
    undefined,
    "",
    `Bearer ${text}`,
    `${text} ${text}`,
    `${text}x`,
    formatKey({ id, secret: makeKey().secret }),
    formatKey({ id: makeKey().id, secret: text.split("_")[2] ?? "" }),
    formatKey(makeKey()),
    revoked.text,
    hashSecret(text.split("_")[2] ?? ""),
    "k".repeat(39),
    hashSecret("k".repeat(40)),
    "0".repeat(64),
    "x".repeat(100_000),
    "é\ud800",
  ];
  assertEquals(new Set(refused.map((key) => refusal(keyring, key))).size, 1);
  assertEquals(refusal(keyring, `${text}x`).includes(text), false);
});

Deno.test("Keyring looks into the store for every key that is wrong, whatever is wrong with it", () => {
  const { keyring, keys } = openKeyring();
  const { id } = keyring.create("ci", POLICY);
  for (const text of [formatKey({ id, secret: makeKey().secret }), formatKey(makeKey()), "no key at all"]) {
    refusal(keyring, text);
  }
  assertEquals(keys.sought.length, 3);
  assertEquals(keys.sought[0], id);
});

Deno.test("Keyring authenticates the owner of a configured key as the tenant config:<name>, with or without the form cb_", () => {
  const texts = ["a plain key".replaceAll(" ", "-").padEnd(32, "="), formatKey(makeKey())];
  const { keyring } = openKeyring(
    apiKeysSchema.parse(texts.map((key, index) => ({ name: `n${index}`, key, minIsolation: index }))),
  );
  const principals = texts.map((text) => keyring.authenticate(text));
  assertEquals(principals.map(({ tenant, name, minIsolation }) => [tenant, name, minIsolation]), [
    ["config:n0", "n0", 0],
    ["config:n1", "n1", 1],
  ]);
  assertEquals(keyring.list(), []);
});

Deno.test("Keyring asks for keys from the moment on at which one is there, also one that another process made", () => {
  const { keyring, keys, audit, clock } = openKeyring();
  assertEquals(keyring.hasKeys(), false);
  new Keyring({ keys, audit, clock }).create("ci", POLICY);
  assertEquals(keyring.hasKeys(), true);
  assertEquals(openKeyring(apiKeysSchema.parse(`ops=${"k".repeat(40)}`)).keyring.hasKeys(), true);
});

Deno.test("Keyring lets nobody in with a key that another process has just revoked, and opens no door by it", () => {
  const { keyring, keys, audit, clock } = openKeyring();
  const other = new Keyring({ keys, audit, clock });
  const { id, text } = other.create("ci", POLICY);
  assertEquals([keyring.hasKeys(), keyring.authenticate(text).tenant], [true, id]);
  assertEquals([other.revoke(id), other.revoke(id), other.revoke("nobody")], [true, false, false]);
  refusal(keyring, text);
  assertEquals(keyring.hasKeys(), true);
  assertEquals(new Keyring({ keys, audit, clock }).hasKeys(), false);
});

Deno.test("Keyring writes into the audit log which keys are made and revoked, and when", () => {
  const { keyring, audit, clock } = openKeyring();
  const { id } = keyring.create("ci", POLICY);
  clock.advance(1_000);
  keyring.revoke(id);
  keyring.revoke(id);
  const who = { tenant: "local", key: null, subject: id };
  assertEquals(audit.entries, [
    {
      ...who,
      at: "2026-01-01T00:00:00.000Z",
      action: "key.create",
      facts: { name: "ci", scopes: ["execute", "sessions"], minIsolation: 0, ceiling: {}, quota: {} },
    },
    { ...who, at: "2026-01-01T00:00:01.000Z", action: "key.revoke", facts: {} },
  ]);
});
