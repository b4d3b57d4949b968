import type { Availability } from "../../../core/capabilities.ts";
import { CodeBeakerError, messageOf, runtimeUnavailable } from "../../../core/errors.ts";
import { Probe } from "../../self_test/probe.ts";
import { type EngineAddress, parseEngineAddress, whyRefused, whyUnreachable } from "./engine_address.ts";
import { isEngineLost } from "./engine_call.ts";
import type { EngineClient } from "./engine_client.ts";
import type { EngineInfo } from "./engine_info.ts";

/** The times of a probe. They are short, so that a lost or returned Engine is noticed within seconds. */
const PROBE = { ttlMs: 2_000, failureTtlMs: 1_000, timeoutMs: 2_000 };

/** An Engine that has answered. */
export interface ConnectedEngine {
  readonly address: EngineAddress;
  readonly client: EngineClient;
  readonly info: EngineInfo;
}

/** The address of an Engine, and the handlers of its answers. */
export interface EngineConnectionOptions {
  readonly host: string;
  readonly certPath: string | undefined;
  /** Called after the first answer, and after the first one that follows a loss. */
  onConnect(engine: ConnectedEngine): void;
  /** Called after every other answer. */
  onAnswer(engine: ConnectedEngine): void;
  /** Creates the client. Absent, its module is loaded first. */
  createClient?(address: EngineAddress): Promise<EngineClient>;
}

/** The connection to an Engine. Its client is loaded and made at the first probe. */
export class EngineConnection {
  readonly #options: EngineConnectionOptions;
  readonly #probe = new Probe(() => this.#ask(), PROBE);
  #client: Promise<EngineClient> | undefined;
  #engine: ConnectedEngine | undefined;
  #isLost = false;

  constructor(options: EngineConnectionOptions) {
    this.#options = options;
  }

  /** The last description of the Engine; it still holds while the Engine is lost. Undefined before the first answer. */
  get info(): EngineInfo | undefined {
    return this.#engine?.info;
  }

  /** Counts the answers until an Engine has answered. Undefined after that, and while it asks. */
  get revision(): number | undefined {
    return this.#engine === undefined ? this.#probe.revision : undefined;
  }

  /** Whether the Engine answers; the result is cached for a moment. */
  async probe(): Promise<Availability> {
    if (this.#probe.last === undefined) await this.#load().catch(() => {}); // The probe finds the same error.
    return await this.#probe.answer();
  }

  /** Creates the client where there is a socket. A busy machine loads it for longer than a probe may take. */
  async #load(): Promise<void> {
    const address = parseEngineAddress(this.#options.host, this.#options.certPath);
    if (await whyUnreachable(address) === undefined) await this.#clientFor(address);
  }

  #clientFor(address: EngineAddress): Promise<EngineClient> {
    const { createClient = loadClient } = this.#options;
    return this.#client ??= createClient(address).catch((cause: unknown) => {
      this.#client = undefined; // The next probe tries again.
      throw cause;
    });
  }

  async #ask(): Promise<void> {
    try {
      const address = parseEngineAddress(this.#options.host, this.#options.certPath);
      const obstacle = await whyUnreachable(address);
      if (obstacle !== undefined) throw runtimeUnavailable(obstacle);
      const client = await this.#clientFor(address);
      if (this.#engine !== undefined && !this.#isLost) {
        await client.ping();
        this.#options.onAnswer(this.#engine);
        return;
      }
      this.#engine = { address, client, info: await firstInfo(client, address) };
      this.#isLost = false;
      this.#options.onConnect(this.#engine);
    } catch (error) {
      this.#isLost = true;
      throw this.#engine === undefined ? error : withoutRemedy(error);
    }
  }
}

/** Asks the Engine to describe itself. A socket that takes no connection has a reason of its own. */
async function firstInfo(client: EngineClient, address: EngineAddress): Promise<EngineInfo> {
  try {
    return await client.info();
  } catch (error) {
    if (address.kind === "tcp" || !isEngineLost(error)) throw error;
    throw runtimeUnavailable(whyRefused(error.cause, address.socketPath), error);
  }
}

/** Removes the remedy of an error. An Engine that has answered before may come back by itself. */
function withoutRemedy(error: unknown): unknown {
  return error instanceof CodeBeakerError && error.details.remedy !== undefined
    ? new CodeBeakerError(error.code, error.message, { cause: error })
    : error;
}

async function loadClient(address: EngineAddress): Promise<EngineClient> {
  const { EngineClient } = await import("./engine_client.ts").catch((cause: unknown) => {
    throw runtimeUnavailable({ reason: `its client cannot be loaded: ${messageOf(cause)}` }, cause);
  });
  return await EngineClient.create(address);
}
