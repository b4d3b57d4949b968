import { z } from "zod";
import { LIMITS } from "../../core/limits.ts";
import { strictObject } from "../../core/parsing/validation.ts";
import type { RuntimeCatalogue } from "./runtime_catalogue.ts";
import { defineMethod, type RpcMethod } from "./method.ts";

/** The original's, whose requests and answers this door keeps. */
const PROTOCOL_VERSION = "0.2.0";

const NOTIFICATIONS = ["execution.started", "execution.output", "execution.completed", "execution.error"];

/** What a session of talk is set up from. */
export interface InitializeOptions {
  readonly catalogue: RuntimeCatalogue;
  /** Requests that one connection may have under way. */
  readonly maxRequests: number;
  /** The names of the other methods. */
  readonly methods: readonly string[];
}

/**
 * Tells what both sides can do. Until a client asks for it, it gets answers and no notifications, and nobody waits for it to feed
 * a program whose end it waits for.
 */
export function initializeMethod({ catalogue, maxRequests, methods }: InitializeOptions): RpcMethod {
  return defineMethod({
    name: "initialize",
    schema: strictObject({
      clientInfo: z.looseObject({}).optional(),
      protocolVersion: z.string().max(64).optional(),
      capabilities: z.looseObject({ streaming: z.boolean().default(false), stdin: z.boolean().default(false) })
        .default({ streaming: false, stdin: false }),
    }),
    async run({ capabilities: { streaming, stdin } }, { peer }) {
      const languages = await catalogue.languages();
      peer.isStreaming = streaming;
      peer.feeds = stdin ? "all" : "unawaited";
      return {
        protocolVersion: PROTOCOL_VERSION,
        serverInfo: { name: "CodeBeaker" },
        capabilities: { streaming, stdin },
        serverCapabilities: {
          streaming: true,
          stdin: true,
          methods: ["initialize", ...methods],
          notifications: NOTIFICATIONS,
          supportsStreaming: true,
          supportsDebugging: false,
          supportsPortForwarding: false,
          supportsFileWatch: false,
          supportedLanguages: languages.map(({ name }) => name),
          limits: {
            maxTimeout: LIMITS.timeoutMs.max / 1_000,
            maxMemory: LIMITS.memoryMb.max,
            maxConcurrency: maxRequests,
          },
          protocolVersion: PROTOCOL_VERSION,
        },
      };
    },
  });
}
