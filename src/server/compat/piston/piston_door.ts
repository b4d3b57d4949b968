import type { Context } from "hono";
import { CodeBeakerError } from "../../../core/errors.ts";
import type { AppEnv } from "../../http/app_env.ts";
import { EventSender } from "../../http/event_sender.ts";
import { jsonBody } from "../../http/json_body.ts";
import { openSocket } from "../../sockets/mod.ts";
import type { CompatOptions } from "../compat_options.ts";
import { ANSWERED_LIMITS, parseJob } from "./job.ts";
import { toRuntime } from "./languages.ts";
import { PistonConnection } from "./piston_connection.ts";
import { toResult } from "./stages.ts";

/** Runs a job, and answers with its stages. A client that disconnects cancels it. */
export async function execute(context: Context<AppEnv>, { engine }: CompatOptions): Promise<Response> {
  const request = parseJob(await jsonBody(context), ANSWERED_LIMITS);
  let output = "";
  const sender = new EventSender((event) => void (output += event.kind === "output" ? event.text : ""));
  const { signal } = context.req.raw;
  const { ended } = await engine.submit(context.get("caller"), request, { signal, ...sender.options });
  const execution = await sender.sendEnd(ended);
  return context.json(toResult(execution, output));
}

/** Opens a WebSocket for one job. */
export function connect(context: Context<AppEnv>, options: CompatOptions): Response {
  const { engine, observer } = options;
  const caller = context.get("caller");
  return openSocket(context, options, {
    speak: (peer) => new PistonConnection(peer, { caller, engine, observer }),
  });
}

/** Lists the languages that can run now. */
export async function listRuntimes(context: Context<AppEnv>, { engine }: CompatOptions): Promise<Response> {
  const languages = await engine.describeLanguages();
  return context.json(languages.filter(({ available }) => available).map(toRuntime));
}

/** Lists every language as a package. It is installed when it can run now. */
export async function listPackages(context: Context<AppEnv>, { engine }: CompatOptions): Promise<Response> {
  const languages = await engine.describeLanguages();
  const packages = languages.map((description) => {
    const { language, version: language_version } = toRuntime(description);
    return { language, language_version, installed: description.available };
  });
  return context.json(packages);
}

/** Refuses to install or remove a package. */
export function refusePackages(): never {
  throw new CodeBeakerError(
    "permission_denied",
    "Cannot change packages here as the service's operator installs languages: use codebeaker languages",
  );
}
