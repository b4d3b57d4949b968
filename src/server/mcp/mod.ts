import { Hono } from "hono";
import type { Clock } from "../../concurrency/clock.ts";
import type { Observer } from "../../engine/observer.ts";
import type { EnginePort } from "../../engine/port.ts";
import type { SessionsPort } from "../../sessions/port.ts";
import type { AppEnv } from "../http/app_env.ts";
import type { McpDoor } from "./door.ts";
import { MCP_LIMITS, type McpLimits } from "./limits.ts";

/** Parts of the Model Context Protocol's interface. */
export interface McpOptions {
  readonly clock: Clock;
  readonly engine: EnginePort;
  readonly sessions: SessionsPort;
  readonly observer: Observer;
  readonly limits?: McpLimits;
}

/**
 * The Model Context Protocol's interface, whose code is loaded by the first request for it. Disposing closes its
 * protocol sessions.
 */
export class Mcp implements AsyncDisposable {
  readonly #options: McpOptions;
  #door: Promise<McpDoor> | undefined;

  constructor(options: McpOptions) {
    this.#options = options;
  }

  /** Loads the code. A failure is not kept: the next call tries again. */
  async open(): Promise<McpDoor> {
    this.#door ??= open(this.#options);
    try {
      return await this.#door;
    } catch (error) {
      this.#door = undefined;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const door = await this.#door?.catch(() => {}); // open() has thrown its error already.
    await door?.[Symbol.asyncDispose]();
  }
}

/** The route of the Model Context Protocol. A client posts its requests, and may end its protocol session. */
export function mcpRoutes(mcp: Mcp): Hono<AppEnv> {
  return new Hono<AppEnv>().on(["POST", "DELETE"], "/mcp", async (context) => (await mcp.open()).answer(context));
}

async function open({ limits = MCP_LIMITS, ...options }: McpOptions): Promise<McpDoor> {
  const [{ McpDoor }, { McpServers }] = await Promise.all([import("./door.ts"), import("./server.ts")]);
  return new McpDoor({
    ...{ clock: options.clock, limits, observer: options.observer },
    serverFactory: (findExchange) => {
      const servers = new McpServers(options, findExchange);
      return () => servers.create();
    },
  });
}
