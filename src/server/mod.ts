export { type AppOptions, createApp } from "./app.ts";
export { listen, type Listener } from "./http/listen.ts";
export { RPC_LIMITS, RpcSockets } from "./rpc/mod.ts";
