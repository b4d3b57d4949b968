export { type AppOptions, createApp } from "./app.ts";
export { type Handler, handlerOf } from "./handler.ts";
export { listen, type Listener } from "./http/listen.ts";
export { Mcp } from "./mcp/mod.ts";
export type { ServiceFault } from "./routes/health.ts";
export { ServerSockets, SOCKET_LIMITS } from "./sockets/mod.ts";
