/** Who may use the service, for what, and how much. */
export { Keyring } from "./keyring.ts";
export { Quotas } from "./quotas.ts";
