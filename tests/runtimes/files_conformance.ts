import { ARCHIVE_CHECKS } from "./file_checks/archive_checks.ts";
import { COPY_CHECKS } from "./file_checks/copy_checks.ts";
import { DELETE_CHECKS } from "./file_checks/delete_checks.ts";
import { LINK_CHECKS } from "./file_checks/link_checks.ts";
import { LIST_CHECKS } from "./file_checks/list_checks.ts";
import { MOVE_CHECKS } from "./file_checks/move_checks.ts";
import { NAME_CHECKS } from "./file_checks/name_checks.ts";
import type { FilesBenches } from "./file_checks/planting.ts";
import { READ_CHECKS } from "./file_checks/read_checks.ts";
import { STAT_CHECKS } from "./file_checks/stat_checks.ts";
import { WRITE_CHECKS } from "./file_checks/write_checks.ts";

const CHECKS = {
  ...STAT_CHECKS,
  ...READ_CHECKS,
  ...WRITE_CHECKS,
  ...COPY_CHECKS,
  ...MOVE_CHECKS,
  ...DELETE_CHECKS,
  ...LIST_CHECKS,
  ...LINK_CHECKS,
  ...NAME_CHECKS,
  ...ARCHIVE_CHECKS,
};

/** Registers what every runtime must do with the files of a workspace, each check in an empty workspace. */
export function testFilesConformance(runtime: string, { isShared, run }: FilesBenches): void {
  for (const [name, check] of Object.entries(CHECKS)) {
    Deno.test({
      name: `[${runtime}] files: ${name}`,
      fn: () => run(check),
      ...(isShared ? { sanitizeOps: false, sanitizeResources: false } : {}),
    });
  }
}
