import { z } from "zod";
import type { ZodOpenApiMediaTypeObject } from "zod-openapi";
import { EXECUTION_EVENTS } from "../../core/answers/execution_report.ts";
import { atLeastOne } from "./at_least_one.ts";

const members = Object.entries(EXECUTION_EVENTS).map(([event, data]) =>
  z.strictObject({ event: z.literal(event), id: z.string().describe("Grows from event to event"), data })
);

const eventSchema = z.discriminatedUnion("event", atLeastOne(members)).meta({
  id: "ExecutionEvent",
  description:
    "One server-sent event: its name, its id, and its data as JSON. The first is started, the last is completed, or error when the service fails; dropped counts bytes and displays that are no longer kept",
});

/** A stream of server-sent events: text, whose content is the events. */
export const eventStream: ZodOpenApiMediaTypeObject = {
  schema: z.array(eventSchema).meta({
    description: "Server-sent events; a comment every 15 s of silence",
    override: ({ jsonSchema }) => {
      const { items } = jsonSchema;
      delete jsonSchema.items;
      Object.assign(jsonSchema, {
        type: "string",
        contentMediaType: "text/event-stream",
        contentSchema: { type: "array", items },
      });
    },
  }),
  example: [
    'id: 2\nevent: started\ndata: {"id":"exec_39c8a2b6f01f4c7a8a3d7cf2f39b2a55","runtime":"first"}',
    'id: 26\nevent: stdout\ndata: {"text":"42\\n"}',
    "",
  ].join("\n\n"),
};
