import { z } from "zod";
import { type LimitPolicy, OWN_LIMIT_POLICY } from "../../core/limits.ts";
import { strictObject } from "../../core/parsing/validation.ts";
import { SERVICE_NAME, VERSION } from "../../core/version.ts";
import type { RuntimeCatalogue } from "./runtime_catalogue.ts";
import { defineMethod, type RpcMethod } from "./method.ts";
import { negotiateVersion } from "./protocol_version.ts";

const NOTIFICATIONS = [
  "execution.started",
  "execution.output",
  "execution.display",
  "execution.completed",
  "execution.error",
];

/** Facts that `initialize` reports. */
export interface InitializeOptions {
  readonly catalogue: RuntimeCatalogue;
  /** The operator's limits; absent, the service's own. */
  readonly limitPolicy?: LimitPolicy | undefined;
  /** Most concurrent requests of one connection. */
  readonly maxRequests: number;
  /** The names of the other methods. */
  readonly methods: readonly string[];
}

/**
 * Negotiates the version and the capabilities of later requests. Before `initialize`, a client receives no
 * notifications, and a program whose end it waits for has no open stdin.
 */
export function initializeMethod({ catalogue, limitPolicy, maxRequests, methods }: InitializeOptions): RpcMethod {
  const { ceilings } = limitPolicy ?? OWN_LIMIT_POLICY;
  return defineMethod({
    name: "initialize",
    schema: strictObject({
      clientInfo: z.looseObject({}).optional(),
      protocolVersion: z.string().max(64).optional(),
      capabilities: z.looseObject({ streaming: z.boolean().default(false), stdin: z.boolean().default(false) })
        .default({ streaming: false, stdin: false }),
    }),
    async run({ capabilities: { streaming, stdin }, protocolVersion }, { peer }) {
      const { isStrict, name: version } = negotiateVersion(protocolVersion);
      peer.isStrict = isStrict;
      peer.isStreaming = streaming;
      peer.feeds = stdin ? "all" : "unawaited";
      const languages = await catalogue.languages();
      return {
        protocolVersion: version,
        serverInfo: { name: SERVICE_NAME, version: VERSION },
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
            maxTimeout: ceilings.timeoutMs / 1_000,
            maxMemory: ceilings.memoryMb,
            maxConcurrency: maxRequests,
          },
          protocolVersion: version,
        },
      };
    },
  });
}
