import type { z } from "zod";
import type { CommandContext } from "../context.ts";
import { parseLimit } from "../limit_flag.ts";
import { formatTable } from "../output.ts";
import { ServiceClient, type ServiceFlags } from "../service_client.ts";
import { pageSchema } from "./wire.ts";

/** Executions that are requested at once. */
const PAGE = 100;

interface ListFlags extends ServiceFlags {
  readonly session?: string;
  readonly status?: string;
  readonly search?: string;
  readonly limit: string;
}

type Listed = z.output<typeof pageSchema>["executions"];

/** Lists the executions of a service, the newest first. */
export async function listExecutions(flags: ListFlags, context: CommandContext): Promise<void> {
  const client = new ServiceClient(flags, context);
  const limit = parseLimit(flags.limit, "list executions");
  const executions: Listed = [];
  let cursor: string | undefined;
  do {
    const query = {
      sessionId: flags.session,
      status: flags.status,
      q: flags.search,
      limit: Math.min(limit - executions.length, PAGE),
      cursor,
    };
    const page = await client.askJson("/v1/executions", pageSchema, { query });
    executions.push(...page.executions);
    cursor = page.nextCursor;
  } while (cursor !== undefined && executions.length < limit);
  const next = cursor === undefined ? {} : { nextCursor: cursor };
  await context.print(flags.json ? JSON.stringify({ executions, ...next }, null, 2) : formatExecutions(executions));
}

function formatExecutions(executions: Listed): string {
  const rows = executions.map(({ id, status, language, runtime, createdAt, sessionId }) => [
    id,
    status,
    language ?? "-",
    runtime ?? "-",
    createdAt ?? "-",
    sessionId ?? "-",
  ]);
  return formatTable(["ID", "STATUS", "LANGUAGE", "RUNTIME", "CREATED", "SESSION"], rows);
}
