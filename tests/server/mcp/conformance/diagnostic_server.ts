import {
  createRequestStateCodec,
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  Server,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { delay } from "../../../../src/concurrency/delay.ts";
import * as input from "./input_tools.ts";

/** A PNG of one pixel, and a WAV without a sample. */
const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
const WAV = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=";

/** A tool of the suite: its result, or what it does for it. */
export interface DiagnosticTool {
  readonly schema?: Record<string, unknown>;
  run(context: ServerContext, args: Readonly<Record<string, unknown>>): unknown;
}

/** A result of one text. */
export function textResult(text: string) {
  return { content: [{ type: "text", text }] };
}

const image = { type: "image", data: PNG, mimeType: "image/png" };
const embed = (uri: string, mimeType: string, text: string) => ({
  type: "resource",
  resource: { uri, mimeType, text },
});
const strings = (...names: string[]) => ({
  type: "object",
  properties: Object.fromEntries(names.map((name) => [name, { type: "string" }])),
  required: names,
});

const address = {
  $anchor: "addressDef",
  type: "object",
  properties: { street: { type: "string" }, city: { type: "string" } },
};

const TOOLS: Readonly<Record<string, DiagnosticTool>> = {
  test_simple_text: { run: () => textResult("This is a simple text response for testing.") },
  test_image_content: { run: () => ({ content: [image] }) },
  test_audio_content: { run: () => ({ content: [{ type: "audio", data: WAV, mimeType: "audio/wav" }] }) },
  test_embedded_resource: {
    run: () => ({
      content: [embed("test://embedded-resource", "text/plain", "This is an embedded resource content.")],
    }),
  },
  test_multiple_content_types: {
    run: () => ({
      content: [
        { type: "text", text: "Multiple content types test:" },
        image,
        embed("test://mixed-content-resource", "application/json", '{"test":"data","value":123}'),
      ],
    }),
  },
  test_error_handling: {
    run: () => ({ ...textResult("This tool intentionally returns an error for testing"), isError: true }),
  },
  test_tool_with_logging: {
    async run({ mcpReq }) {
      for (const text of ["Tool execution started", "Tool processing data", "Tool execution completed"]) {
        await mcpReq.log("info", text);
        await delay(50);
      }
      return textResult("Logged");
    },
  },
  test_logging_tool: {
    async run({ mcpReq }) {
      await mcpReq.log("info", "Only for who asked");
      return textResult("Logged");
    },
  },
  test_tool_with_progress: {
    async run({ mcpReq }) {
      const progressToken = mcpReq._meta?.progressToken;
      for (const progress of [0, 50, 100]) {
        if (progressToken !== undefined) {
          const params = { progressToken, progress, total: 100 };
          await mcpReq.notify({ method: "notifications/progress", params });
        }
        await delay(50);
      }
      return textResult("Done");
    },
  },
  json_schema_2020_12_tool: {
    schema: {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      $defs: { address },
      properties: {
        name: { type: "string" },
        address: { $ref: "#/$defs/address" },
        contactMethod: { type: "string", enum: ["phone", "email"] },
        phone: { type: "string" },
        email: { type: "string" },
      },
      allOf: [{ anyOf: [{ required: ["phone"] }, { required: ["email"] }] }],
      if: { properties: { contactMethod: { const: "phone" } }, required: ["contactMethod"] },
      then: { required: ["phone"] },
      else: { required: ["email"] },
      additionalProperties: false,
    },
    run: () => textResult("Read"),
  },
  test_sampling: { schema: strings("prompt"), run: input.sample },
  test_elicitation: { schema: strings("message"), run: input.elicit },
  test_elicitation_sep1034_defaults: { run: input.elicitDefaults },
  test_elicitation_sep1330_enums: { run: input.elicitEnums },
  test_streaming_elicitation: { run: input.askName },
  test_missing_capability: { run: input.needSampling },
  test_input_required_result_elicitation: { run: input.askName },
  test_input_required_result_sampling: { run: input.askCapital },
  test_input_required_result_list_roots: { run: input.askRoots },
  test_input_required_result_request_state: { run: (context) => input.confirm(context, STATES) },
  test_input_required_result_multiple_inputs: { run: (context) => input.askAll(context, STATES) },
  test_input_required_result_multi_round: { run: (context) => input.askTwice(context, STATES) },
  test_input_required_result_tampered_state: { run: (context) => input.confirm(context, STATES) },
  test_input_required_result_capabilities: { run: input.askWhatTheClientCan },
};

const RESOURCES: Readonly<Record<string, Record<string, unknown>>> = {
  "test://static-text": { mimeType: "text/plain", text: "This is the content of the static text resource." },
  "test://static-binary": { mimeType: "image/png", blob: PNG },
  "test://watched-resource": { mimeType: "text/plain", text: "Watched" },
};

const PROMPTS: Readonly<Record<string, (args: Readonly<Record<string, string>>) => unknown[]>> = {
  test_simple_prompt: () => [{ type: "text", text: "This is a simple prompt for testing." }],
  test_prompt_with_arguments: ({ arg1, arg2 }) => [
    { type: "text", text: `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'` },
  ],
  test_prompt_with_embedded_resource: ({ resourceUri = "" }) => [
    embed(resourceUri, "text/plain", "Embedded resource content for testing."),
    { type: "text", text: "Please process the embedded resource above." },
  ],
  test_prompt_with_image: () => [image, { type: "text", text: "Please analyze the image above." }],
};

const PROMPT_ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  test_prompt_with_arguments: ["arg1", "arg2"],
  test_prompt_with_embedded_resource: ["resourceUri"],
};

const STATES = createRequestStateCodec<string>({ key: crypto.getRandomValues(new Uint8Array(32)) });

/** Creates the server that the conformance suite asks for: it has what no tool of the service has. */
export function createDiagnosticServer(): Server {
  const server = new Server({ name: "diagnostics", version: "1.0.0" }, {
    capabilities: { tools: {}, resources: { subscribe: true }, prompts: {}, completions: {}, logging: {} },
    requestState: { verify: STATES.verify },
  });
  // The tables hold what the suite asks for, and the suite checks its form.
  // deno-lint-ignore no-explicit-any
  const untyped = (value: unknown): any => value;
  server.setRequestHandler("tools/list", () =>
    untyped({
      tools: Object.entries(TOOLS).map(([name, { schema = { type: "object" } }]) => ({
        name,
        description: `Tests ${name}`,
        inputSchema: schema,
      })),
    }));
  server.setRequestHandler("tools/call", async ({ params }, context) => {
    const tool = TOOLS[params.name];
    if (tool === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool ${params.name}`);
    return untyped(await tool.run(context, params.arguments ?? {}));
  });
  server.setRequestHandler("resources/list", () => ({
    resources: Object.entries(RESOURCES).map(([uri, { mimeType }]) =>
      untyped({ uri, name: uri, description: `Tests ${uri}`, mimeType })
    ),
  }));
  server.setRequestHandler("resources/templates/list", () => ({
    resourceTemplates: [{ name: "data", uriTemplate: "test://template/{id}/data", mimeType: "application/json" }],
  }));
  server.setRequestHandler("resources/read", ({ params: { uri } }) => {
    const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
    const text = JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` });
    const found = id === undefined ? RESOURCES[uri] : { mimeType: "application/json", text };
    if (found === undefined) throw new ResourceNotFoundError(uri);
    return untyped({ contents: [{ uri, ...found }] });
  });
  server.setRequestHandler("resources/subscribe", () => ({}));
  server.setRequestHandler("resources/unsubscribe", () => ({}));
  server.setRequestHandler("prompts/list", () => ({
    prompts: [...Object.keys(PROMPTS), "test_input_required_result_prompt"].map((name) => ({
      name,
      description: `Tests ${name}`,
      arguments: (PROMPT_ARGUMENTS[name] ?? []).map((argument) => ({ name: argument, required: true })),
    })),
  }));
  server.setRequestHandler("prompts/get", ({ params: { name, arguments: args = {} } }, context) => {
    if (name === "test_input_required_result_prompt") return untyped(input.askContext(context));
    const messages = PROMPTS[name]?.(args);
    if (messages === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown prompt ${name}`);
    return untyped({ messages: messages.map((content) => ({ role: "user", content })) });
  });
  server.setRequestHandler("completion/complete", () => ({ completion: { values: [], total: 0, hasMore: false } }));
  return server;
}
