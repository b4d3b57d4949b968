import { assert, assertEquals, assertMatch } from "@std/assert";
import { formatKey, hashSecret, isSameHash, makeKey, parseKey } from "../../src/access/key.ts";

Deno.test("makeKey() makes cb_<id>_<secret>, whose secret has 256 bits, and never the same twice", () => {
  const keys = Array.from({ length: 500 }, makeKey);
  for (const key of keys) assertMatch(formatKey(key), /^cb_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}$/);
  assert(62 ** 43 >= 2 ** 256);
  assertEquals(new Set(keys.flatMap(({ id, secret }) => [id, secret])).size, 1_000);
});

Deno.test("makeKey() uses every character of its alphabet, and none much more often than another", () => {
  const counts = new Map<string, number>();
  for (const { secret } of Array.from({ length: 2_000 }, makeKey)) {
    for (const character of secret) counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  assertEquals(counts.size, 62);
  const expected = 2_000 * 43 / 62;
  for (const [character, count] of counts) {
    assert(Math.abs(count - expected) < 0.15 * expected, `${character}: ${count} times`);
  }
});

Deno.test("parseKey() reads what formatKey() writes, and nothing else", () => {
  const key = makeKey();
  const text = formatKey(key);
  assertEquals(parseKey(text), key);
  const others = [
    "",
    "cb__",
    text.slice(0, -1),
    `${text}a`,
    ` ${text}`,
    `${text}\n`,
    text.toUpperCase(),
    text.replace("cb_", "cd_"),
    text.replace("cb_", ""),
    text.replaceAll("_", "-"),
    `${text.slice(0, -1)}é`,
    `${text.slice(0, -1)}_`,
    "cb_".repeat(100_000),
  ];
  for (const other of others) assertEquals([other.slice(0, 80), parseKey(other)], [other.slice(0, 80), undefined]);
});

Deno.test("hashSecret() is SHA-256 in hexadecimal digits", () => {
  assertEquals(hashSecret("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

Deno.test("isSameHash() knows a hash from one that differs in a bit, and from one of another length", () => {
  const hash = hashSecret("abc");
  assertEquals(isSameHash(hash, hash), true);
  assertEquals(isSameHash(hash, `${hash.slice(0, -1)}c`), false);
  assertEquals(isSameHash(hash, `a${hash.slice(1)}`), false);
  assertEquals(isSameHash(hash, hash.slice(2)), false);
  assertEquals(isSameHash(hash, ""), false);
});
