import { defineTransfer } from "./transfer.ts";

/** Copies a file, or a directory with everything in it. */
export const copyFile = defineTransfer("copy_file", "copy");
