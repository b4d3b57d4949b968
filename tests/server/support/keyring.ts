import { Keyring } from "../../../src/access/keyring.ts";
import { keyPolicySchema } from "../../../src/core/key_policy.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { FakeAuditStore, FakeKeyStore } from "../../support/fake_keys.ts";

/** A keyring in memory, without a key to begin with. */
export function openKeyring(): Keyring {
  return new Keyring({ keys: new FakeKeyStore(), audit: new FakeAuditStore(), clock: new FakeClock() });
}

/** A new key on a ring, as the header carries it, and its id. */
export function addKey(
  keyring: Keyring,
  { name = "ci", ...policy }: { readonly name?: string; readonly scopes?: readonly string[] } = {},
): { readonly id: string; readonly headers: { readonly authorization: string } } {
  const { id, text } = keyring.create(name, keyPolicySchema.parse(policy));
  return { id, headers: { authorization: `Bearer ${text}` } };
}
