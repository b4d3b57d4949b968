export { SOCKET_LIMITS, type SocketLimits } from "./limits.ts";
export { openSocket, type SocketDoor, type SpokenProtocol } from "./open_socket.ts";
export type { SocketPeer, SocketProtocol } from "./server_socket.ts";
export { ServerSockets } from "./server_sockets.ts";
export type { SocketMessage } from "./socket_writer.ts";
