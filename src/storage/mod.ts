export { AuditLog } from "./audit_log.ts";
export { openStorage, type StorageOptions } from "./open_storage.ts";
