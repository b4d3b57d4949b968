export { openStorage, type StorageOptions } from "./open_storage.ts";
