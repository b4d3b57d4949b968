import { CodeBeakerError } from "../../core/errors.ts";
import { unknownName } from "../../core/parsing/validation.ts";
import type { Observer } from "../../engine/observer.ts";
import type { LimitPolicy } from "../../core/limits.ts";
import type { EnginePort } from "../../engine/port.ts";
import type { SessionsPort } from "../../sessions/port.ts";
import { RuntimeCatalogue } from "./runtime_catalogue.ts";
import { contextMethods } from "./context_methods.ts";
import { executionMethods } from "./execution_methods.ts";
import { initializeMethod } from "./initialize.ts";
import type { RpcMethod } from "./method.ts";
import { runtimeMethods } from "./runtime_methods.ts";
import { sessionMethods } from "./session_methods.ts";

/** Parts of the methods. */
export interface MethodTableOptions {
  readonly engine: EnginePort;
  readonly sessions: SessionsPort;
  readonly observer: Observer;
  /** The operator's limits; absent, the service's own. */
  readonly limitPolicy?: LimitPolicy;
  /** Most concurrent requests of one connection, which `initialize` reports. */
  readonly maxRequests: number;
}

/** Every JSON-RPC method; names match in any case. The first look-up makes the methods and their schemas. */
export class MethodTable {
  readonly #options: MethodTableOptions;
  #made: ReadonlyMap<string, RpcMethod> | undefined;

  constructor(options: MethodTableOptions) {
    this.#options = options;
  }

  get #methods(): ReadonlyMap<string, RpcMethod> {
    return this.#made ??= makeMethods(this.#options);
  }

  find(name: string): RpcMethod | undefined {
    return this.#methods.get(name.toLowerCase());
  }

  /** The message for an unknown method, with the most similar name. */
  explainUnknown(name: string): string {
    const known = [...this.#methods.values()].map((method) => method.name);
    return `Cannot find the method ${unknownName(name, known)}`;
  }

  /** The method of a known name. */
  get(name: string): RpcMethod {
    const method = this.find(name);
    if (method === undefined) throw new CodeBeakerError("internal", this.explainUnknown(name));
    return method;
  }
}

/** The methods by their names in lower case. */
function makeMethods(
  { engine, limitPolicy, sessions, observer, maxRequests }: MethodTableOptions,
): Map<string, RpcMethod> {
  const catalogue = new RuntimeCatalogue(engine);
  const methods = [
    ...executionMethods({ engine, catalogue }),
    ...runtimeMethods({ engine, catalogue }),
    ...sessionMethods({ sessions, observer, catalogue }),
    ...contextMethods({ sessions }),
  ];
  const names = methods.map(({ name }) => name);
  const all = [initializeMethod({ catalogue, limitPolicy, maxRequests, methods: names }), ...methods];
  return new Map(all.map((method) => [method.name.toLowerCase(), method]));
}
