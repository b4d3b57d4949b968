// @ts-types="@types/dockerode"
import type Docker from "dockerode";
import { MEBIBYTE } from "../../../core/limits.ts";
import { type Attachment, toAttachment } from "./attachment.ts";
import { type ContainerSample, toSample } from "./container_sample.ts";
import { callEngine, callUnbounded, ifFound, ignoreStatus } from "./engine_call.ts";

/** How long the Engine may take to send a signal. A program over its limits must end soon. */
const SIGNAL_TIMEOUT_MS = 3_000;

/** The request for a container, in the form of the Engine API. */
export type ContainerRequest = Docker.ContainerCreateOptions;

/** A container in a list of the Engine. */
export interface ListedContainer {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A container that the Engine has inspected. */
export interface InspectedContainer {
  readonly isRunning: boolean;
  /** The user of its main process. */
  readonly user: string;
  readonly image: string;
  readonly ociRuntime: string;
  /** The name of its network, or `none`. */
  readonly network: string;
}

/** How a container or an exec instance ended. */
export interface EngineExit {
  readonly exitCode: number;
  readonly oomKilled: boolean;
}

/** The limits of a container that can change while it runs. */
export interface ContainerBounds {
  readonly memoryMb: number;
  readonly tasks: number;
}

/** The Engine's calls for containers. */
export class EngineContainers {
  readonly #docker: Docker;

  constructor(docker: Docker) {
    this.#docker = docker;
  }

  async create(request: ContainerRequest): Promise<string> {
    const { id } = await callEngine(
      "create a container",
      (abortSignal) => this.#docker.createContainer({ _query: {}, _body: request, abortSignal } as ContainerRequest),
    );
    return id;
  }

  async start(id: string): Promise<void> {
    await callEngine("start a container", (abortSignal) => this.#docker.getContainer(id).start({ abortSignal }));
  }

  /** Attaches to the main process of a container. Attaching before the start misses no output. */
  async attach(id: string): Promise<Attachment> {
    const options = { stream: true, hijack: true, stdin: true, stdout: true, stderr: true };
    return await callEngine(
      "attach to a container",
      async (abortSignal) =>
        toAttachment(await this.#docker.getContainer(id).attach({ ...options, abortSignal }), abortSignal),
    );
  }

  /** Waits for a container's end. If the signal is aborted by then, it rejects, and does not inspect the container. */
  async wait(id: string, signal: AbortSignal): Promise<EngineExit> {
    const container = this.#docker.getContainer(id);
    const { StatusCode } = await callUnbounded("wait for a container", () => this.#wait(id));
    signal.throwIfAborted();
    const { State } = await callEngine("inspect a container", (abortSignal) => container.inspect({ abortSignal }));
    return { exitCode: StatusCode, oomKilled: State.OOMKilled };
  }

  /**
   * Waits for a container's end. dockerode's own `wait` never settles when the Engine dies in the middle of its answer.
   */
  async #wait(id: string): Promise<{ readonly StatusCode: number }> {
    const answer = await new Promise<AsyncIterable<Uint8Array>>((resolve, reject) =>
      this.#docker.modem.dial({
        path: `/containers/${id}/wait`,
        method: "POST",
        isStream: true,
        statusCodes: { 200: true, 400: "bad parameter", 404: "no such container", 500: "server error" },
      }, (error: unknown, response: unknown) =>
        error === null ? resolve(response as AsyncIterable<Uint8Array>) : reject(error))
    );
    return await new Response(ReadableStream.from(answer)).json();
  }

  /** Signals the main process of a container; an ended container is no error. */
  async kill(id: string, signal: string): Promise<void> {
    await callEngine(
      "signal a container",
      (abortSignal) => this.#docker.getContainer(id).kill({ signal, abortSignal }),
      { timeoutMs: SIGNAL_TIMEOUT_MS },
    ).catch(ignoreStatus(404, 409));
  }

  /** Kills and removes a container with its volumes; an absent container is no error. */
  async remove(id: string): Promise<void> {
    await callEngine(
      "remove a container",
      (abortSignal) => this.#docker.getContainer(id).remove({ force: true, v: true, abortSignal }),
    ).catch(ignoreStatus(404, 409)); // 409: its removal has begun.
  }

  /** Every container with a label (`name`, or `name=value`), running or not. */
  async list(label: string): Promise<ListedContainer[]> {
    const listed = await callEngine(
      "list containers",
      (abortSignal) => this.#docker.listContainers({ all: true, filters: { label: [label] }, abortSignal }),
    );
    return listed.map(({ Id, Labels }) => ({ id: Id, labels: Labels }));
  }

  /** Inspects a container; undefined for an absent one. A paused container is not running. */
  async inspect(id: string): Promise<InspectedContainer | undefined> {
    const found = await ifFound(
      callEngine("inspect a container", (abortSignal) => this.#docker.getContainer(id).inspect({ abortSignal })),
    );
    return found && {
      isRunning: found.State.Status === "running",
      user: found.Config.User,
      image: found.Image,
      ociRuntime: found.HostConfig.Runtime ?? "",
      network: found.HostConfig.NetworkMode ?? "",
    };
  }

  /** The paths of a container that differ from its image. */
  async changedPaths(id: string): Promise<string[]> {
    const changes: unknown = await callEngine(
      "list the changes of a container",
      (abortSignal) => this.#docker.getContainer(id).changes({ abortSignal }),
    );
    return ((changes ?? []) as readonly { readonly Path: string }[]).map(({ Path }) => Path);
  }

  /** Sets the memory, swap included, and the tasks of a running container. */
  async limit(id: string, { memoryMb, tasks }: ContainerBounds): Promise<void> {
    const Memory = memoryMb * MEBIBYTE;
    await callEngine(
      "limit a container",
      (abortSignal) =>
        this.#docker.getContainer(id).update({ Memory, MemorySwap: Memory, PidsLimit: tasks, abortSignal }),
    );
  }

  /** Samples the usage of a container, which costs the Engine some ms. */
  async sample(id: string): Promise<ContainerSample> {
    const stats = await callEngine("sample a container", (abortSignal) => {
      const options = { stream: false, "one-shot": true, abortSignal } as const;
      return this.#docker.getContainer(id).stats(options);
    });
    return toSample(stats);
  }
}
