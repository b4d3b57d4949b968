import { familyOf } from "../../src/process/process_tree.ts";
import { ApiClient } from "../../tests/support/api_client.ts";
import { startServiceProcess } from "../../tests/support/service_process.ts";
import { proportionalMb } from "../process_memory.ts";
import { printTable } from "../table.ts";
import { PROGRAMS } from "../programs.ts";
import { execute } from "./services.ts";

const MEMBERS = 8;
const BURST = 60;
/** How long what a burst wants takes to be made, in ms. */
const SETTLING_MS = 2_000;

/** What each Deno process that waits adds, most of which it shares with the others: proportional set size, in MB. */
export async function benchWaitingMemory(): Promise<number> {
  await using service = await startServiceProcess(["--log-level", "warning", "--warm-max", String(MEMBERS)]);
  const client = new ApiClient(service);
  const request = { language: "typescript", code: PROGRAMS.typescript };
  await Promise.all(Array.from({ length: BURST }, () => execute(client, request)));
  await new Promise((resolve) => setTimeout(resolve, SETTLING_MS));
  const waiting = waitingOf(service.process.pid);
  const eachMb = waiting.reduce((total, pid) => total + proportionalMb(pid), 0) / waiting.length;
  printTable("Memory of a Deno process that waits", ["processes that wait", "proportional set size, on average"], [
    { name: String(waiting.length), cells: [`${eachMb.toFixed(1)} MB`] },
  ]);
  return eachMb;
}

/** The processes below a service that wait for a program, with what stands around each. */
function waitingOf(service: number): number[] {
  return familyOf(service).filter((pid) => Deno.readTextFileSync(`/proc/${pid}/cmdline`).includes("--preload"))
    .filter((pid) => Deno.readTextFileSync(`/proc/${pid}/comm`).startsWith("deno"));
}
