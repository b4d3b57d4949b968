import { assertStringIncludes } from "@std/assert";
import { connectStdio } from "../server/mcp/clients.ts";
import { keepSelfTests, plantSelfTests } from "../support/kept_self_tests.ts";
import { COMMAND_LINE, PROJECT } from "../support/service_process.ts";
import { shareService } from "../support/shared_service.ts";
import { DENO_ALONE, withoutProjectVariables } from "../support/variables.ts";
import { cancelCalls, work } from "./mcp_agent.ts";

const shared = shareService();

for (const mode of ["legacy", "auto"] as const) {
  test(`[stdio, ${mode}] codebeaker mcp runs an agent's programs itself`, async () => {
    await using home = await openHome();
    await using client = await connectStdio(commandOf([], home.path), mode);
    await work(client);
    await cancelCalls(client);
  });

  test(`[stdio, ${mode}] codebeaker mcp --url passes an agent's requests to a service`, async () => {
    await using home = await openHome();
    await using service = shared.borrow();
    const url = mode === "auto" ? `${service.url}/mcp` : service.url; // Either names the service.
    await using client = await connectStdio(commandOf(["--url", url], home.path), mode);
    await work(client);
    await cancelCalls(client, service);
  });
}

test("[stdio] codebeaker mcp --url says so when no service answers", async () => {
  await using home = await openHome();
  await using client = await connectStdio(commandOf(["--url", "http://127.0.0.1:1"], home.path), "auto");
  const error = await client.call("run_code", { language: "typescript", code: "1" }).catch((cause) => cause);
  assertStringIncludes(error.message, "Cannot reach a service");
});

/** The SDK's transport leaves timers behind that it has made for the end of its child. */
function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, sanitizeOps: false, sanitizeResources: false, fn });
}

/** A home of its own, which holds the self-tests that have passed. */
async function openHome(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir();
  await plantSelfTests(path);
  return {
    path,
    async [Symbol.asyncDispose]() {
      await keepSelfTests(path);
      await Deno.remove(path, { recursive: true });
    },
  };
}

function commandOf(args: readonly string[], home: string) {
  return {
    args: [...COMMAND_LINE.slice(1), "mcp", ...args],
    env: { ...withoutProjectVariables(), ...DENO_ALONE, CODEBEAKER_HOME: home },
    cwd: PROJECT,
  };
}
