import type { Config } from "../config.ts";
import { CodeBeakerError } from "../core/errors.ts";
import { MEBIBYTE } from "../core/limits.ts";
import { openStorage, type StorageOptions } from "../storage/mod.ts";
import type { Storage } from "../storage/storage.ts";

/** How long a write waits for another process's write: the whole service waits with it. */
const BUSY_TIMEOUT_MS = 100;
const DATABASE = "codebeaker.db";
const HOUR_MS = 3_600_000;

/**
 * The storage of a service. Without an instance it is in memory, unless its home has a database: a service that did not
 * see the keys there would serve clients that have none.
 *
 * @throws {CodeBeakerError} `invalid_request`
 */
export function openServiceStorage(config: Config, { hasInstance }: { readonly hasInstance: boolean }): Storage {
  return hasInstance || hasDatabase(config)
    ? openHomeStorage(config, { busyTimeoutMs: BUSY_TIMEOUT_MS })
    : openMemoryStorage(config);
}

/** A storage that ends with this process. */
export function openMemoryStorage(config: Config): Storage {
  return openStorage(undefined, retentionOf(config));
}

/**
 * The storage of a home, for the service itself and for the command line beside it.
 *
 * @throws {CodeBeakerError} `invalid_request`
 */
export function openHomeStorage(config: Config, options: Pick<StorageOptions, "busyTimeoutMs"> = {}): Storage {
  if (config.home === undefined) {
    throw new CodeBeakerError(
      "invalid_request",
      "Cannot keep anything as there is no home directory: name one with --home",
    );
  }
  return openStorage(`${config.home}/${DATABASE}`, { ...retentionOf(config), ...options });
}

/** Whether a home keeps keys, also where this process keeps nothing there. */
export function homeHasKeys(config: Config): boolean {
  if (!hasDatabase(config)) return false;
  using storage = openHomeStorage(config);
  return storage.keys.hasAny();
}

function hasDatabase({ home }: Config): boolean {
  try {
    return Deno.statSync(`${home}/${DATABASE}`).isFile;
  } catch {
    return false; // Absent or unreadable: no key can have been kept there.
  }
}

function retentionOf(config: Config): StorageOptions {
  return {
    outputRetentionMs: config.outputRetentionHours * HOUR_MS,
    maxStoredBytes: config.maxStoredOutputMb * MEBIBYTE,
    auditRetentionMs: config.auditRetentionDays * 24 * HOUR_MS,
  };
}
