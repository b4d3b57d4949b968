import { type Command, Option } from "commander";
import { EXECUTION_STATUSES } from "../../core/answers/vocabulary.ts";
import type { CommandContext } from "../context.ts";
import { addServiceFlags, ServiceClient, type ServiceFlags } from "../service_client.ts";
import { suggest } from "../settings.ts";
import { followExecution } from "./follow.ts";
import { listExecutions } from "./list.ts";
import { showExecution } from "./show.ts";

const FOLLOW_EXIT_CODES = `
Exit code: that of the program, as "codebeaker run" has it; 1 when there is no
such execution or service, or the service could not run it; 128 and the number
of the signal after Ctrl-C, which ends no program.`;

/** Defines `codebeaker executions`, which shows and cancels the executions of a running service. */
export function defineExecutions(command: Command, context: CommandContext): void {
  const list = command.command("list")
    .description("list executions, the newest first")
    .option("--session <id>", "only those of this session")
    .addOption(
      suggest(
        new Option("--status <status>", `only those with this status: ${EXECUTION_STATUSES.join(", ")}`),
        EXECUTION_STATUSES,
      ),
    )
    .option("--search <text>", "only those with this text in their preview, id, language, runtime or outcome")
    .option("--limit <count>", "at most so many", "20")
    .option("--json", "print what GET /v1/executions answers");
  addServiceFlags(list).action((flags) => listExecutions(flags, context));
  const show = withId(command.command("show").description("show an execution and what it printed"))
    .option("--json", "print what GET /v1/executions/{id} answers");
  addServiceFlags(show).action((id: string, flags: ServiceFlags) => showExecution({ id, flags }, context));
  const follow = withId(
    command.command("follow").description("print what an execution prints, from its beginning until its end"),
  )
    .option("--json", "print every event as a line of JSON")
    .addHelpText("after", FOLLOW_EXIT_CODES);
  addServiceFlags(follow).action(async (id: string, flags: ServiceFlags) =>
    context.setExitCode(await followExecution({ id, flags }, context))
  );
  const cancel = withId(
    command.command("cancel").description("ask an execution to end; one that has ended stays as it is"),
  )
    .option("--json", "print the id as JSON");
  addServiceFlags(cancel).action((id: string, flags: ServiceFlags) => cancelExecution({ id, flags }, context));
}

function withId(command: Command): Command {
  return command.argument("<id>", "as the list shows it");
}

async function cancelExecution(
  { id, flags }: { readonly id: string; readonly flags: ServiceFlags },
  context: CommandContext,
): Promise<void> {
  await new ServiceClient(flags, context).ask(`/v1/executions/${encodeURIComponent(id)}`, { method: "DELETE" });
  if (flags.json) await context.print(JSON.stringify({ id, cancelRequested: true }));
  else await context.printError(`The execution ${id} is asked to end.`);
}
