/** Composes every concrete class: the service, and an engine for one command beside it. */
export { type CommandEngine, composeCommand } from "./command.ts";
export { bridgeAgent, serveAgent } from "./mcp.ts";
export { openHomeStorage } from "./home_storage.ts";
export { composeService, type Service } from "./service.ts";
