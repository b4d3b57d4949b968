import { join } from "@std/path";
import { ApiClient } from "./api_client.ts";
import { type ServiceProcess, startServiceProcess } from "./service_process.ts";
import { DENO_ALONE } from "./variables.ts";

/** Its log is a file: whatever a test does not read itself while it runs, the sanitizers report. */
const LOGGING = ["/bin/sh", "-c", 'exec "$@" 2>"$0"'] as const;

/** A service for tests that depend on nothing that others have done to it. */
export interface SharedService {
  /** The service as one test's own. Disposing closes the sessions that the test has left. */
  borrow(): BorrowedService;
}

/** A shared service in the hands of one test. */
export interface BorrowedService extends Pick<ServiceProcess, "url" | "log">, AsyncDisposable {}

const shared = new Map<string, SharedService>();

/** Has one service with Deno for all tests of this process that name these settings; it runs from before the first test until after the last. */
export function shareService(args: readonly string[] = [], env: Record<string, string> = {}): SharedService {
  const key = JSON.stringify([args, env]);
  const known = shared.get(key);
  if (known !== undefined) return known;
  const added = openSharedService(args, env);
  shared.set(key, added);
  return added;
}

function openSharedService(args: readonly string[], env: Record<string, string>): SharedService {
  let running: { readonly service: ServiceProcess; readonly logPath: string } | undefined;
  Deno.test.beforeAll(async () => {
    const logPath = join(await Deno.makeTempDir(), "log");
    const service = await startServiceProcess(args, { ...DENO_ALONE, ...env }, { through: [...LOGGING, logPath] });
    running = { service, logPath };
  });
  Deno.test.afterAll(async () => {
    if (running === undefined) return;
    await running.service[Symbol.asyncDispose]();
    await Deno.remove(join(running.logPath, ".."), { recursive: true });
  });
  return {
    borrow() {
      if (running === undefined) throw new Error("A shared service runs while tests do, and not before");
      const { logPath, service: { url } } = running;
      const { length } = Deno.readTextFileSync(logPath);
      return {
        url,
        log: () => Deno.readTextFileSync(logPath).slice(length),
        [Symbol.asyncDispose]: () => closeSessions(new ApiClient({ url })),
      };
    },
  };
}

async function closeSessions(client: ApiClient): Promise<void> {
  const { sessions } = await client.json("GET", "/v1/sessions");
  for (const { id } of sessions) await client.status("DELETE", `/v1/sessions/${id}`);
}
