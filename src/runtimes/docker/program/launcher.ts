import type { OutputChunk } from "../../../core/execution.ts";
import type { Attachment } from "../engine/attachment.ts";
import { type LauncherEvent, readLauncherOutput } from "./launcher_output.ts";

/** A running launcher with its streams. */
export interface Launcher {
  readonly attachment: Attachment;
  readonly secret: string;
  readonly items: AsyncGenerator<OutputChunk | LauncherEvent>;
  /** The launcher's process id in the container; undefined before the launcher reports it. */
  readonly pid?: number;
}

/** The two words that a launcher reads first. Programs can guess neither. */
export interface Handshake {
  /** Precedes every report of the launcher. */
  readonly secret: string;
  /** Part of the names of its temporary files. */
  readonly nonce: string;
}

/** Creates a handshake of random words. */
export function createHandshake(): Handshake {
  return { secret: crypto.randomUUID(), nonce: crypto.randomUUID() };
}

/** The first line of a launcher's input. */
export function encodeHandshake({ nonce, secret }: Handshake): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${secret} ${nonce}\n`);
}

/** A launcher that was started for its program, and the handshake to send to it. */
export function coldLauncher(attachment: Attachment): { readonly launcher: Launcher; readonly handshake: Uint8Array } {
  const handshake = createHandshake();
  const { secret } = handshake;
  const items = readLauncherOutput(attachment.frames, secret);
  return { launcher: { attachment, secret, items }, handshake: encodeHandshake(handshake) };
}
