import type { Config } from "../config.ts";
import { CodeBeakerError } from "../core/errors.ts";
import { MEBIBYTE } from "../core/limits.ts";
import { openStorage, type StorageOptions } from "../storage/mod.ts";
import type { Storage } from "../storage/storage.ts";

/** How long a write waits for another process's: the whole service waits with it. */
const PATIENCE_MS = 100;
const DATABASE = "codebeaker.db";
const HOUR_MS = 3_600_000;

/**
 * What a service keeps. Without an identity it is in memory, unless its home may hold keys: a service that did not see
 * them would let in whoever has none.
 *
 * @throws {CodeBeakerError} `invalid_request`
 */
export function openServiceStorage(
  config: Config,
  { identity, hasInstance }: { readonly identity: "lasting" | "passing"; readonly hasInstance: boolean },
): Storage {
  const isKept = identity === "lasting" && (hasInstance || isThere(`${config.home}/${DATABASE}`));
  return isKept ? openHomeStorage(config, { patienceMs: PATIENCE_MS }) : openStorage(undefined, retentionOf(config));
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false; // Whatever it is, nobody can have kept keys in it.
  }
}

/**
 * What a home keeps, for the service itself and for the command line beside it.
 *
 * @throws {CodeBeakerError} `invalid_request`
 */
export function openHomeStorage(config: Config, options: Pick<StorageOptions, "patienceMs"> = {}): Storage {
  if (config.home === undefined) {
    throw new CodeBeakerError(
      "invalid_request",
      "Cannot keep anything as there is no home directory: name one with --home",
    );
  }
  return openStorage(`${config.home}/${DATABASE}`, { ...retentionOf(config), ...options });
}

function retentionOf(config: Config): StorageOptions {
  return {
    outputRetentionMs: config.outputRetentionHours * HOUR_MS,
    maxStoredBytes: config.maxStoredOutputMb * MEBIBYTE,
    auditRetentionMs: config.auditRetentionDays * 24 * HOUR_MS,
  };
}

/** Whether a home keeps keys, also where this process keeps nothing there. */
export function homeHasKeys(config: Config): boolean {
  if (!isThere(`${config.home}/${DATABASE}`)) return false;
  using storage = openHomeStorage(config);
  return storage.keys.hasAny();
}
