import type { Config } from "../config.ts";
import { CodeBeakerError } from "../core/errors.ts";
import { MEBIBYTE } from "../core/limits.ts";
import { openStorage, type StorageOptions } from "../storage/mod.ts";
import type { Storage } from "../storage/storage.ts";

/** How long a write waits for another process's write. The whole service waits with it. */
const BUSY_TIMEOUT_MS = 100;
const DATABASE = "codebeaker.db";
const HOUR_MS = 3_600_000;

/**
 * Opens the storage of a service. Without an instance it is in memory, unless its home has a database: a service that
 * did not see the keys there would serve clients without any.
 *
 * @throws {CodeBeakerError} `invalid_request`
 */
export function openServiceStorage(config: Config, { hasInstance }: { readonly hasInstance: boolean }): Storage {
  return hasInstance || hasDatabase(config)
    ? openHomeStorage(config, { busyTimeoutMs: BUSY_TIMEOUT_MS })
    : openMemoryStorage(config);
}

/** Opens a storage that ends with this process. */
export function openMemoryStorage(config: Config): Storage {
  return openStorage(undefined, retentionOf(config));
}

/**
 * Opens the storage of a home. The service itself uses it, and the command line beside it.
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

/** Whether a home has keys, also where this process stores nothing there. */
export function homeHasKeys(config: Config): boolean {
  if (!hasDatabase(config)) return false;
  using storage = openHomeStorage(config);
  return storage.keys.hasAny();
}

function hasDatabase({ home }: Config): boolean {
  try {
    return Deno.statSync(`${home}/${DATABASE}`).isFile;
  } catch {
    return false; // The file is absent or unreadable: it can hold no key.
  }
}

function retentionOf(config: Config): StorageOptions {
  return {
    outputRetentionMs: config.outputRetentionHours * HOUR_MS,
    maxStoredBytes: config.maxStoredOutputMb * MEBIBYTE,
    auditRetentionMs: config.auditRetentionDays * 24 * HOUR_MS,
  };
}
