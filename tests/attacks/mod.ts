import { alsoByComputing, type AttackTable } from "./attack.ts";
import { CONFIGURATION_ATTACKS } from "./configuration_attacks.ts";
import { CPU_ATTACKS } from "./cpu_attacks.ts";
import { DISK_ATTACKS } from "./disk_attacks.ts";
import { ENVIRONMENT_ATTACKS } from "./environment_attacks.ts";
import { FILE_ATTACKS } from "./files_attacks.ts";
import { LINK_ATTACKS } from "./links_attacks.ts";
import { MACHINE_ATTACKS } from "./machine_attacks.ts";
import { MEMORY_ATTACKS } from "./memory_attacks.ts";
import { NETWORK_ATTACKS } from "./network_attacks.ts";
import { OUTPUT_ATTACKS } from "./output_attacks.ts";
import { PROCESS_ATTACKS } from "./process_attacks.ts";
import { SMUGGLING_ATTACKS } from "./smuggling_attacks.ts";
import { TIME_ATTACKS } from "./time_attacks.ts";

/** All that is tried on every subject, by category. */
export const ATTACKS: readonly AttackTable[] = [
  FILE_ATTACKS,
  LINK_ATTACKS,
  CONFIGURATION_ATTACKS,
  NETWORK_ATTACKS,
  ENVIRONMENT_ATTACKS,
  PROCESS_ATTACKS,
  MACHINE_ATTACKS,
  MEMORY_ATTACKS,
  CPU_ATTACKS,
  DISK_ATTACKS,
  OUTPUT_ATTACKS,
  TIME_ATTACKS,
  SMUGGLING_ATTACKS,
].map(alsoByComputing);
