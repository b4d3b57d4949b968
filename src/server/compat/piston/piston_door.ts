import type { Context } from "hono";
import { CodeBeakerError } from "../../../core/errors.ts";
import type { AppEnv } from "../../http/app_env.ts";
import { jsonBody } from "../../http/json_body.ts";
import { OutputDecoder } from "../../http/output_decoder.ts";
import { openSocket } from "../../sockets/mod.ts";
import type { CompatOptions } from "../compat_options.ts";
import { ANSWERED_LIMITS, parseJob } from "./job.ts";
import { toRuntime } from "./languages.ts";
import { PistonConnection } from "./piston_connection.ts";
import { toResult } from "./stages.ts";

/** Piston's API over the engine. */
export class PistonDoor {
  readonly #options: CompatOptions;

  constructor(options: CompatOptions) {
    this.#options = options;
  }

  /** Runs a job, and answers with its stages. A client that disconnects cancels it. */
  async execute(context: Context<AppEnv>): Promise<Response> {
    const request = parseJob(await jsonBody(context), ANSWERED_LIMITS);
    const decoder = new OutputDecoder();
    let output = "";
    const { ended } = await this.#options.engine.submit(context.get("caller"), request, {
      signal: context.req.raw.signal,
      onOutput: (chunk) => void (output += decoder.decode(chunk)),
    });
    const execution = await ended;
    for (const { text } of decoder.end()) output += text;
    return context.json(toResult(execution, output));
  }

  /** Opens a WebSocket for one job. */
  connect(context: Context<AppEnv>): Response {
    const { engine, observer } = this.#options;
    const caller = context.get("caller");
    return openSocket(context, this.#options, {
      speak: (peer) => new PistonConnection(peer, { caller, engine, observer }),
    });
  }

  /** Lists the languages that can run now. */
  async listRuntimes(context: Context<AppEnv>): Promise<Response> {
    const languages = await this.#options.engine.describeLanguages();
    return context.json(languages.filter(({ available }) => available).map(toRuntime));
  }

  /** Lists every language as a package. It is installed when it can run now. */
  async listPackages(context: Context<AppEnv>): Promise<Response> {
    const languages = await this.#options.engine.describeLanguages();
    const packages = languages.map((description) => {
      const { language, version: language_version } = toRuntime(description);
      return { language, language_version, installed: description.available };
    });
    return context.json(packages);
  }

  /** Refuses to install or remove a package. */
  refusePackages(): never {
    throw new CodeBeakerError(
      "permission_denied",
      "Cannot change packages here as the service's operator installs languages: use codebeaker languages",
    );
  }
}
