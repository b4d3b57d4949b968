/** API keys and quotas. */
export { Keyring } from "./keyring.ts";
export { Quotas } from "./quotas.ts";
