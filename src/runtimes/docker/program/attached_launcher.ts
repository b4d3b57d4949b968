import type { OutputChunk } from "../../../core/execution.ts";
import type { Attachment } from "../engine/attachment.ts";
import { type LauncherEvent, readLauncherOutput } from "./launcher_output.ts";

/** A launcher that its owner can tell what to do, and hears. */
export interface Launcher {
  readonly attachment: Attachment;
  readonly secret: string;
  readonly items: AsyncGenerator<OutputChunk | LauncherEvent>;
  /** Its process, as the container counts; undefined until it has told. */
  readonly pid?: number;
}

/** What only a launcher and the service know: a secret, and a part of names. */
export interface Confidence {
  readonly secret: string;
  readonly nonce: string;
}

/** A secret and a part of names that nobody guesses. */
export function createHandshake(): Confidence {
  return { secret: crypto.randomUUID(), nonce: crypto.randomUUID() };
}

/** The first line that a launcher reads. */
export function encodeHandshake({ nonce, secret }: Confidence): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${secret} ${nonce}\n`);
}

/** A launcher that has been started, and is to be greeted. */
export function freshLauncher(
  attachment: Attachment,
): { readonly launcher: Launcher; readonly encodeHandshake: Uint8Array } {
  const confidence = createHandshake();
  const { secret } = confidence;
  const items = readLauncherOutput(attachment.frames, secret);
  return { launcher: { attachment, secret, items }, encodeHandshake: encodeHandshake(confidence) };
}
