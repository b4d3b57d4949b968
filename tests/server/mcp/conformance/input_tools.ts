import {
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  MissingRequiredClientCapabilityError,
  type RequestStateCodec,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { textResult } from "./diagnostic_server.ts";

type States = RequestStateCodec<string>;

/** A form with one field. */
const form = (message: string, name: string, type = "string") => ({
  method: "elicitation/create",
  params: { message, requestedSchema: { type: "object", properties: { [name]: { type } }, required: [name] } },
});
const sampling = (text: string, maxTokens = 100) => ({
  method: "sampling/createMessage",
  params: { messages: [{ role: "user", content: { type: "text", text } }], maxTokens },
});
const roots = { method: "roots/list", params: {} };

const ask = (inputRequests: Readonly<Record<string, unknown>>, requestState?: string) => ({
  resultType: "input_required",
  inputRequests,
  ...(requestState === undefined ? {} : { requestState }),
});

/** What the client answered under a key; undefined where it is no object. */
function answerOf({ mcpReq }: ServerContext, key: string): Record<string, unknown> | undefined {
  const answer = mcpReq.inputResponses?.[key];
  return typeof answer === "object" && answer !== null ? { ...answer } : undefined;
}

/** The content of a form that the client accepted. */
function formOf(context: ServerContext, key: string): Record<string, unknown> | undefined {
  const { action, content } = answerOf(context, key) ?? {};
  return action === "accept" && typeof content === "object" && content !== null ? { ...content } : undefined;
}

export async function sample({ mcpReq }: ServerContext, { prompt }: Readonly<Record<string, unknown>>) {
  const { content } = await mcpReq.requestSampling({
    messages: [{ role: "user", content: { type: "text", text: String(prompt) } }],
    maxTokens: 100,
  }, { relatedRequestId: mcpReq.id }); // It comes on the stream of the call: there is no other.
  return textResult(`LLM response: ${JSON.stringify(content)}`);
}

export async function elicit(context: ServerContext, { message }: Readonly<Record<string, unknown>>) {
  const properties = {
    username: { type: "string" as const, description: "User's response" },
    email: { type: "string" as const, description: "User's email address" },
  };
  return await elicitForm(context, String(message), properties, ["username", "email"]);
}

export async function elicitDefaults(context: ServerContext) {
  return await elicitForm(context, "Defaults", {
    name: { type: "string", default: "John Doe" },
    age: { type: "integer", default: 30 },
    score: { type: "number", default: 95.5 },
    status: { type: "string", enum: ["active", "inactive", "pending"], default: "active" },
    verified: { type: "boolean", default: true },
  });
}

export async function elicitEnums(context: ServerContext) {
  const options = ["option1", "option2", "option3"];
  const titled = (word: string) =>
    ["First", "Second", "Third"].map((title, index) => ({ const: `value${index + 1}`, title: `${title} ${word}` }));
  return await elicitForm(context, "Enums", {
    untitledSingle: { type: "string", enum: options },
    titledSingle: { type: "string", oneOf: titled("Option") },
    legacyEnum: {
      type: "string",
      enum: ["opt1", "opt2", "opt3"],
      enumNames: ["Option One", "Option Two", "Option Three"],
    },
    untitledMulti: { type: "array", items: { type: "string", enum: options } },
    titledMulti: { type: "array", items: { anyOf: titled("Choice") } },
  });
}

async function elicitForm(
  { mcpReq }: ServerContext,
  message: string,
  // deno-lint-ignore no-explicit-any
  properties: any,
  required: string[] = [],
) {
  const { action, content } = await mcpReq.elicitInput({
    message,
    requestedSchema: { type: "object", properties, required },
  }, { relatedRequestId: mcpReq.id });
  return textResult(`Elicitation completed: action=${action}, content=${JSON.stringify(content)}`);
}

export function askName(context: ServerContext) {
  const name = formOf(context, "user_name")?.["name"];
  return typeof name === "string"
    ? textResult(`Hello, ${name}!`)
    : ask({ user_name: form("What is your name?", "name") });
}

export function askCapital(context: ServerContext) {
  const answer = answerOf(context, "capital_question");
  return answer === undefined
    ? ask({ capital_question: sampling("What is the capital of France?") })
    : textResult(JSON.stringify(answer["content"]));
}

export function askRoots(context: ServerContext) {
  const answer = answerOf(context, "client_roots");
  return answer === undefined ? ask({ client_roots: roots }) : textResult(JSON.stringify(answer["roots"]));
}

export function askContext(context: ServerContext) {
  const given = formOf(context, "user_context")?.["context"];
  return typeof given === "string"
    ? { messages: [{ role: "user", content: { type: "text", text: given } }] }
    : ask({ user_context: form("What context should the prompt use?", "context") });
}

/** The state was verified before; a changed one is refused then. */
export async function confirm(context: ServerContext, states: States) {
  const isConfirmed = context.mcpReq.requestState() === "confirm" && formOf(context, "confirm") !== undefined;
  return isConfirmed
    ? textResult("state-ok")
    : ask({ confirm: form("Please confirm", "ok", "boolean") }, await states.mint("confirm"));
}

export async function askAll(context: ServerContext, states: States) {
  const keys = ["user_name", "greeting", "client_roots"];
  if (context.mcpReq.requestState() === "all" && keys.every((key) => answerOf(context, key) !== undefined)) {
    return textResult("All answered");
  }
  const asked = {
    user_name: form("What is your name?", "name"),
    greeting: sampling("Generate a greeting", 50),
    client_roots: roots,
  };
  return ask(asked, await states.mint("all"));
}

export async function askTwice(context: ServerContext, states: States) {
  const state = context.mcpReq.requestState();
  if (state === "second" && formOf(context, "step2") !== undefined) return textResult("Both answered");
  if (state === "first" && formOf(context, "step1") !== undefined) {
    return ask({ step2: form("Step 2: What is your favorite color?", "color") }, await states.mint("second"));
  }
  return ask({ step1: form("Step 1: What is your name?", "name") }, await states.mint("first"));
}

export function askWhatTheClientCan({ mcpReq }: ServerContext) {
  const { elicitation, sampling: samples } = capabilitiesOf(mcpReq) ?? {};
  return ask({
    ...(elicitation === undefined ? {} : { user_name: form("What is your name?", "name") }),
    ...(samples === undefined ? {} : { greeting: sampling("Generate a greeting") }),
  });
}

export function needSampling({ mcpReq }: ServerContext) {
  if (capabilitiesOf(mcpReq)?.sampling !== undefined) return textResult("It can");
  throw new MissingRequiredClientCapabilityError({ requiredCapabilities: { sampling: {} } });
}

/** What the client of one request can do. */
function capabilitiesOf({ envelope }: ServerContext["mcpReq"]): ClientCapabilities | undefined {
  const fields: Readonly<Record<string, unknown>> = { ...envelope };
  return fields[CLIENT_CAPABILITIES_META_KEY] as ClientCapabilities | undefined; // The SDK has checked it.
}
