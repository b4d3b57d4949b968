import type { Context } from "hono";
import { CodeBeakerError } from "../../../core/errors.ts";
import { LIMITS } from "../../../core/limits.ts";
import type { AppEnv } from "../../http/app_env.ts";
import { jsonBody } from "../../http/json_body.ts";
import { openSocket } from "../../sockets/mod.ts";
import type { CompatOptions } from "../compat_options.ts";
import { parseJob } from "./job.ts";
import { inPistonsWords, toRuntime } from "./languages.ts";
import { PistonConnection } from "./piston_connection.ts";
import { InterleavedOutput, toResult } from "./stages.ts";

/** Piston ends a program whose output is longer than its answer takes. */
const ANSWERED_LIMITS = { maxTotalOutputBytes: LIMITS.maxOutputBytes.default };

/** Piston's API over the engine. */
export class PistonDoor {
  readonly #options: CompatOptions;

  constructor(options: CompatOptions) {
    this.#options = options;
  }

  /** Runs a job, and answers with its stages. A client that disconnects cancels it. */
  async execute(context: Context<AppEnv>): Promise<Response> {
    const { asked, request } = parseJob(await jsonBody(context), ANSWERED_LIMITS);
    const output = new InterleavedOutput();
    try {
      const { ended } = await this.#options.engine.submit(context.get("caller"), request, {
        signal: context.req.raw.signal,
        onOutput: (chunk) => output.push(chunk),
      });
      return context.json(toResult(await ended, output));
    } catch (error) {
      throw inPistonsWords(error, asked);
    }
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
