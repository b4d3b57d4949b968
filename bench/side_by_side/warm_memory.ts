import { delay } from "../../src/concurrency/delay.ts";
import { familyOf } from "../../src/process/process_tree.ts";
import { ApiClient } from "../../tests/support/api_client.ts";
import { startServiceProcess } from "../../tests/support/service_process.ts";
import { proportionalMb } from "../process_memory.ts";
import { printTable } from "../table.ts";
import { PROGRAMS } from "../programs.ts";
import { execute } from "./services.ts";

const MEMBERS = 8;
const BURST = 60;
/** Time for the pool to fill after a burst, in ms. */
const SETTLING_MS = 2_000;

/** Measures the memory that each warm Deno process adds: its proportional set size, in MB. */
export async function benchWarmMemory(): Promise<number> {
  await using service = await startServiceProcess(["--log-level", "warning", "--warm-max", String(MEMBERS)]);
  const client = new ApiClient(service);
  const request = { language: "typescript", code: PROGRAMS.typescript };
  await Promise.all(Array.from({ length: BURST }, () => execute(client, request)));
  await delay(SETTLING_MS);
  const warm = warmProcessesOf(service.process.pid);
  const eachMb = warm.reduce((total, pid) => total + proportionalMb(pid), 0) / warm.length;
  printTable("Memory of a warm Deno process", ["warm processes", "proportional set size, on average"], [
    { name: String(warm.length), cells: [`${eachMb.toFixed(1)} MB`] },
  ]);
  return eachMb;
}

/** The warm Deno processes below a service, without their launchers. */
function warmProcessesOf(service: number): number[] {
  return familyOf(service).filter((pid) => Deno.readTextFileSync(`/proc/${pid}/cmdline`).includes("--preload"))
    .filter((pid) => Deno.readTextFileSync(`/proc/${pid}/comm`).startsWith("deno"));
}
