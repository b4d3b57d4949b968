import type { z } from "zod";
import type { CommandContext } from "../context.ts";
import { ServiceClient, type ServiceFlags } from "../service_client.ts";
import { reportSchema } from "./wire.ts";

/** Shows an execution of a service. */
export async function showExecution(
  { id, flags }: { readonly id: string; readonly flags: ServiceFlags },
  context: CommandContext,
): Promise<void> {
  const path = `/v1/executions/${encodeURIComponent(id)}`;
  const report = await new ServiceClient(flags, context).askJson(path, reportSchema);
  await context.print(flags.json ? JSON.stringify(report, null, 2) : formatReport(report));
}

function formatReport(report: z.output<typeof reportSchema>): string {
  const { id, status, language, runtime, sessionId, createdAt, outcome, usage, error } = report;
  const facts = {
    id,
    status,
    language,
    runtime,
    session: sessionId,
    created: createdAt,
    outcome: outcome &&
      Object.entries(outcome).map(([name, value]) => name === "kind" ? value : `${name} ${value}`).join(", "),
    time: usage && `${usage.wallMs} ms after ${usage.startupMs} ms of start-up`,
    error: error && `${error.code}: ${error.detail}`,
  };
  const shown = Object.entries(facts).filter(([, value]) => value !== undefined);
  const width = Math.max(...shown.map(([name]) => name.length));
  const lines = shown.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
  return [...lines, ...printed("stdout", report.stdout), ...printed("stderr", report.stderr)].join("\n");
}

/** Formats printed text, under the name of its stream. */
function printed(name: string, text = ""): string[] {
  return text === "" ? [] : ["", `${name}:`, text.replace(/\n$/, "")];
}
