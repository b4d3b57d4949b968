import { Readable } from "node:stream";
// @ts-types="@types/dockerode"
import type Docker from "dockerode";
import { callEngine, callUnbounded, ifFound } from "./engine_call.ts";

/** An image, and the variables (`NAME=value`) that it gives every container. */
export interface InspectedImage {
  readonly id: string;
  readonly variables: readonly string[];
}

/** A message of the Engine while it pulls or imports. A failure is such a message too. */
interface ProgressMessage {
  readonly id?: string;
  readonly status?: string;
  readonly progress?: string;
  readonly error?: string;
}

/** The Engine's calls for images. */
export class EngineImages {
  readonly #docker: Docker;

  constructor(docker: Docker) {
    this.#docker = docker;
  }

  async has(tag: string): Promise<boolean> {
    return await this.inspect(tag) !== undefined;
  }

  /** The image of a tag; undefined when the Engine has none. */
  async inspect(tag: string): Promise<InspectedImage | undefined> {
    const found = await ifFound(callEngine(`inspect the image ${tag}`, () => this.#docker.getImage(tag).inspect()));
    return found && { id: found.Id, variables: found.Config?.Env ?? [] };
  }

  /** The tags of a repository, the newest image's first. */
  async listTags(repository: string): Promise<string[]> {
    const images = await callEngine(
      "list images",
      (abortSignal) => this.#docker.listImages({ abortSignal, filters: { reference: [repository] } }),
    );
    return images.toSorted((a, b) => b.Created - a.Created)
      .flatMap(({ RepoTags }) => RepoTags ?? [])
      .filter((tag) => tag.startsWith(`${repository}:`));
  }

  /** Pulls an image from its registry; `onProgress` is called with each message of the Engine. */
  async pull(name: string, onProgress: (progress: string) => void): Promise<void> {
    const stream = await callUnbounded(`pull ${name}`, () => this.#docker.pull(name));
    await this.#follow(stream, { task: `pull ${name}`, onProgress });
  }

  async import(
    tar: ReadableStream<Uint8Array>,
    { tag, changes }: { readonly tag: string; readonly changes: readonly string[] },
  ): Promise<void> {
    const [repo, version] = tag.split(":");
    const source = Readable.fromWeb(tar as Parameters<typeof Readable.fromWeb>[0]);
    const stream = await callUnbounded(
      `import ${tag}`,
      () => this.#docker.importImage(source, { repo, tag: version, changes: [...changes] }),
    );
    await this.#follow(stream as NodeJS.ReadableStream, { task: `import ${tag}`, onProgress: () => {} });
  }

  async tag(tag: string, as: string): Promise<void> {
    const [repo = as, version = "latest"] = as.split(":");
    await callEngine(
      `tag ${tag}`,
      (abortSignal) => this.#docker.getImage(tag).tag({ repo, tag: version, abortSignal }),
    );
  }

  async #follow(
    stream: NodeJS.ReadableStream,
    { task, onProgress }: { readonly task: string; onProgress(progress: string): void },
  ): Promise<void> {
    await callUnbounded(task, () =>
      new Promise<void>((resolve, reject) =>
        this.#docker.modem.followProgress(
          stream,
          (error, messages: readonly ProgressMessage[] | null) => {
            const failure = messages?.find((message) => message.error !== undefined)?.error;
            if (error !== null) reject(error);
            else if (failure !== undefined) reject(new Error(failure));
            else resolve();
          },
          ({ id, status, progress }: ProgressMessage) =>
            onProgress([id, status, progress].filter((part) => part !== undefined).join(" ")),
        )
      ));
  }
}
