import { z } from "zod";
import { parseSelectionRequest, selectRequestSchema } from "../../core/requests/selection_request.ts";
import { strictObject } from "../../core/parsing/validation.ts";
import type { EnginePort } from "../../engine/port.ts";
import type { RuntimeCatalogue } from "./runtime_catalogue.ts";
import { defineMethod, type RpcMethod } from "./method.ts";

/** The methods that list languages and runtimes. */
export function runtimeMethods(
  { engine, catalogue }: { readonly engine: EnginePort; readonly catalogue: RuntimeCatalogue },
): RpcMethod[] {
  const languages = defineMethod({
    name: "language.list",
    schema: strictObject({}),
    run: async (_params, { peer }) => ({
      languages: await (peer.isStrict ? engine.describeLanguages() : catalogue.languages()),
    }),
  });

  const list = defineMethod({
    name: "runtime.list",
    schema: strictObject({}),
    run: async () => ({ runtimes: await catalogue.describe() }),
  });

  const select = defineMethod({
    name: "runtime.select",
    scope: "execute",
    schema: z.looseObject({}),
    request: selectRequestSchema,
    run: async (request, { caller, peer }) =>
      await engine.select(caller, parseSelectionRequest(await catalogue.resolveRuntime(request, peer))),
  });

  return [languages, list, select];
}
