import { CodeBeakerError } from "../../../core/errors.ts";
import type { Observer } from "../../../engine/observer.ts";
import type { SocketPeer, SocketProtocol } from "../../sockets/mod.ts";
import type { Kernel } from "./kernel.ts";
import type { KernelClient } from "./kernel_clients.ts";
import { BINARY_PROTOCOL, readMessage, type Request } from "./messages.ts";

/** Memory of a waiting message beside its text. */
const MESSAGE_BYTES = 1_024;

/** Most characters or bytes of sent messages that wait, before one more closes the connection. */
const MAX_WAITING_LENGTH = 4_194_304;

/** Close codes of IANA's registry: the end, no message, a slow client, and no memory. */
const [NORMAL, INVALID_DATA, POLICY_VIOLATION, TRY_AGAIN_LATER] = [1000, 1007, 1008, 1013];
/** Most characters of a reason, each of one byte. */
const MAX_REASON_LENGTH = 120;

/** A client of a kernel, and where its refused messages are reported. */
export interface SpeakOptions extends Pick<KernelClient, "caller" | "id"> {
  readonly kernel: Kernel;
  readonly observer: Observer;
}

/** Makes the protocol of a client's WebSocket. A client that disconnects does not end what the kernel does. */
export function speakToKernel(peer: SocketPeer, { caller, id, kernel, observer }: SpeakOptions): SocketProtocol {
  let waitingLength = 0;
  const client: KernelClient = {
    ...{ caller, id },
    isBehind: () => waitingLength > MAX_WAITING_LENGTH / 2,
    async send(message) {
      if (waitingLength > MAX_WAITING_LENGTH) return peer.close(POLICY_VIOLATION, "Too much waits to be read");
      const encoded = peer.protocol === BINARY_PROTOCOL ? message.bytes : message.text;
      waitingLength += encoded.length;
      await peer.send(() => encoded);
      waitingLength -= encoded.length;
    },
    close: (reason) => peer.close(NORMAL, reason),
  };
  return {
    maxPending: Infinity, // Requests wait for the one before. Their bytes are bounded, and not their number.
    begin: () => kernel.clients.connect(client),
    shutDown: () => void client.send(kernel.lastMessage()), // An orderly end of the service closes all sessions.
    end: () => kernel.clients.disconnect(client),
    async answer(data, lease) {
      let request: Request;
      try {
        lease.growTo(MESSAGE_BYTES + (typeof data === "string" ? data.length : data.byteLength));
        request = readMessage(data);
      } catch (error) {
        if (!(error instanceof CodeBeakerError)) throw error;
        observer.refused?.({ caller, what: "a message of Jupyter's", error });
        const reason = error.message.replaceAll(/[^ -~]/g, "?").slice(0, MAX_REASON_LENGTH);
        return peer.close(error.code === "busy" ? TRY_AGAIN_LATER : INVALID_DATA, reason);
      }
      await kernel.answer(request, client);
    },
  };
}
