import { CodeBeakerError } from "../core/errors.ts";
import type { ConfiguredKey, KeyPolicy } from "../core/key_policy.ts";
import { LOCAL_USER, type Principal } from "../core/principal.ts";
import type { AuditStore, KeyStore, StoredKey } from "../storage/storage.ts";
import type { Clock } from "../concurrency/clock.ts";
import { formatKey, hashSecret, isSameHash, makeKey, parseKey } from "./key.ts";

/** The parts of a keyring. */
export interface KeyringOptions {
  readonly keys: KeyStore;
  readonly audit: AuditStore;
  /** The keys in the configuration, which are valid as long as the process lives. */
  readonly configured?: readonly ConfiguredKey[];
  readonly clock: Pick<Clock, "now">;
}

/** Stand in for the id and the hash of an unknown key. So the check of such a key takes as long. */
const NO_HASH = "0".repeat(64);
const NO_ID = "";

/** The valid API keys: stored and configured ones. */
export class Keyring {
  readonly #keys: KeyStore;
  readonly #audit: AuditStore;
  readonly #clock: Pick<Clock, "now">;
  readonly #configured: readonly { readonly hash: string; readonly principal: Principal }[];
  #hasHadKeys: boolean;

  constructor({ keys, audit, configured = [], clock }: KeyringOptions) {
    this.#keys = keys;
    this.#audit = audit;
    this.#clock = clock;
    this.#configured = configured.map((key) => ({
      hash: key.hash,
      principal: principalOf(key, { tenant: `config:${key.name}`, name: key.name }),
    }));
    this.#hasHadKeys = this.#configured.length > 0;
  }

  /**
   * Whether clients need a key. A key that another process creates counts at once. After the last key is revoked, this
   * stays true until the process ends: revoking a key must not open the service.
   */
  hasKeys(): boolean {
    this.#hasHadKeys ||= this.#keys.hasAny();
    return this.#hasHadKeys;
  }

  /**
   * Finds the principal of a key. Neither the message nor the time reveals why a key is invalid.
   *
   * @throws {CodeBeakerError} `unauthorized`
   */
  authenticate(text = ""): Principal {
    const principal = this.#findStored(text) ?? this.#findConfigured(text);
    if (principal === undefined) {
      throw new CodeBeakerError(
        "unauthorized",
        "Cannot serve this request as it must carry a valid API key: Authorization: Bearer <key>, or X-API-Key: <key>",
      );
    }
    return principal;
  }

  /** Makes a key. Its text cannot be read again later. */
  create(name: string, policy: KeyPolicy): { readonly id: string; readonly text: string } {
    const key = makeKey();
    const principal = principalOf(policy, { tenant: key.id, name });
    const createdAt = this.#now().toISOString();
    this.#keys.insert({ id: key.id, hash: hashSecret(key.secret), principal, createdAt });
    const { scopes, minIsolation, ceiling, quota } = principal;
    this.#record("key.create", key.id, { name, scopes, minIsolation, ceiling, quota });
    return { id: key.id, text: formatKey(key) };
  }

  /** Lists the stored keys, also revoked ones. */
  list(): StoredKey[] {
    return this.#keys.list();
  }

  /** Revokes a key at once. Returns whether the key existed and was not revoked. */
  revoke(id: string): boolean {
    const isRevoked = this.#keys.revoke(id, this.#now());
    if (isRevoked) this.#record("key.revoke", id, {});
    return isRevoked;
  }

  /** The tenants whose stored keys are revoked. */
  revokedTenants(): ReadonlySet<string> {
    return new Set(this.#keys.listRevoked());
  }

  #findStored(text: string): Principal | undefined {
    const key = parseKey(text);
    const stored = this.#keys.find(key?.id ?? NO_ID);
    const isSame = isSameHash(hashSecret(key?.secret ?? text), stored?.hash ?? NO_HASH);
    return isSame && stored?.revokedAt === undefined ? stored?.principal : undefined;
  }

  /** Compares with every key, so that the time does not reveal the position. */
  #findConfigured(text: string): Principal | undefined {
    const hash = hashSecret(text);
    return this.#configured.filter((key) => isSameHash(hash, key.hash))[0]?.principal;
  }

  /** Records a change of the keys. Users of this machine make such changes without a key of their own. */
  #record(action: "key.create" | "key.revoke", id: string, facts: Readonly<Record<string, unknown>>): void {
    const at = this.#now().toISOString();
    this.#audit.append({ at, tenant: LOCAL_USER.tenant, key: null, action, subject: id, facts });
  }

  #now(): Date {
    return new Date(this.#clock.now());
  }
}

function principalOf(policy: KeyPolicy, who: Pick<Principal, "tenant" | "name">): Principal {
  const { scopes, minIsolation, permissions, quota } = policy;
  return { ...who, scopes, minIsolation, ceiling: permissions, quota };
}
