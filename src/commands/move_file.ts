import { defineTransfer } from "./transfer.ts";

/** Renames a file or a directory. */
export const moveFile = defineTransfer("move_file", "move");
