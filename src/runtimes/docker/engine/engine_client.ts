import { Readable } from "node:stream";
// @ts-types="@types/dockerode"
import Docker from "dockerode";
import { MEBIBYTE } from "../../../core/limits.ts";
import { type Attachment, toAttachment } from "./attachment.ts";
import { type EngineAddress, readCertificates } from "./engine_address.ts";
import { ask, call, ifThere, toVariables, unlessStatus } from "./engine_call.ts";
import { type EngineFacts, readFacts } from "./engine_facts.ts";

/** What a container is made from, as the Engine API takes it. */
export type ContainerRequest = Docker.ContainerCreateOptions;

/** How long the Engine may take to pass on a signal: a program that is over its limits waits for nobody. */
const SIGNAL_TIMEOUT_MS = 3_000;

/** A container as a list shows it. */
export interface ListedContainer {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A container as the Engine keeps it. */
export interface InspectedContainer {
  readonly isRunning: boolean;
  /** Whom its main process runs as. */
  readonly user: string;
  readonly image: string;
  readonly ociRuntime: string;
  /** The name of its network, or `none`. */
  readonly network: string;
}

/** An image as the Engine keeps it, and the variables (NAME=value) that it gives every container. */
export interface InspectedImage {
  readonly id: string;
  readonly variables: readonly string[];
}

/** How a container, or a program in it, ended, as the Engine tells it. */
export interface EngineExit {
  readonly exitCode: number;
  readonly oomKilled: boolean;
}

/** What a container may use, where that can be changed while it runs. */
export interface ContainerBounds {
  readonly memoryMb: number;
  readonly tasks: number;
}

/** What a container has used so far. */
export interface ContainerSample {
  readonly cpuMs: number;
  /** The most at any time, where the kernel tells. */
  readonly memoryBytes: number;
  /** Now, without what the kernel can take back: pages of files on a disk. */
  readonly usedBytes: number;
  /** Processes and their threads now; undefined where nobody counts them. */
  readonly tasks: number | undefined;
}

/** What is run beside the main process of a container. */
export interface ExecRequest {
  readonly argv: readonly string[];
  readonly user: string;
  readonly env: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
}

/**
 * An Engine, through dockerode. Every method throws {CodeBeakerError} `runtime_unavailable`: what the Engine answered,
 * or that it cannot be reached ({@link isLost}).
 */
export class EngineClient {
  readonly #docker: Docker;

  private constructor(docker: Docker) {
    this.#docker = docker;
  }

  /**
   * Every option is given, so that none of the process's own variables stands in for it. The library reads
   * `DOCKER_HOST` and `DOCKER_CERT_PATH` all the same first, and fails where it can make nothing of those.
   */
  static async connect(address: EngineAddress): Promise<EngineClient> {
    const none = {
      socketPath: undefined,
      host: undefined,
      port: undefined,
      pathPrefix: undefined,
      timeout: undefined,
      ca: undefined,
      cert: undefined,
      key: undefined,
    };
    const options = address.kind === "unix" ? { ...none, protocol: "http" as const, socketPath: address.socketPath } : {
      ...none,
      host: address.host,
      port: address.port,
      ...(address.certPath === undefined
        ? { protocol: "http" as const }
        : { protocol: "https" as const, ...await readCertificates(address.certPath) }),
    };
    return new EngineClient(new Docker(options as Docker.DockerOptions));
  }

  async ping(): Promise<void> {
    await ask("be asked", () => this.#docker.ping());
  }

  async facts(): Promise<EngineFacts> {
    const info: Record<string, unknown> = await ask("tell about itself", () => this.#docker.info());
    return readFacts(info);
  }

  async hasImage(tag: string): Promise<boolean> {
    return await this.inspectImage(tag) !== undefined;
  }

  /** An image, whatever its tag stands for later; undefined when it is not here. */
  async inspectImage(tag: string): Promise<InspectedImage | undefined> {
    const found = await ifThere(ask(`look at the image ${tag}`, () => this.#docker.getImage(tag).inspect()));
    return found && { id: found.Id, variables: found.Config?.Env ?? [] };
  }

  /** The tags of one repository, the newest image's first. */
  async listTags(repository: string): Promise<string[]> {
    const images = await ask(
      "list images",
      (abortSignal) => this.#docker.listImages({ abortSignal, filters: { reference: [repository] } }),
    );
    return images.toSorted((a, b) => b.Created - a.Created)
      .flatMap(({ RepoTags }) => RepoTags ?? [])
      .filter((tag) => tag.startsWith(`${repository}:`));
  }

  /** Gets an image from its registry; `onProgress` hears what the Engine says meanwhile. */
  async pullImage(name: string, onProgress: (progress: string) => void): Promise<void> {
    const stream = await call(`pull ${name}`, () => this.#docker.pull(name));
    await this.#follow(stream, { what: `pull ${name}`, onProgress });
  }

  async importImage(
    tar: ReadableStream<Uint8Array>,
    { tag, changes }: { readonly tag: string; readonly changes: readonly string[] },
  ): Promise<void> {
    const [repo, version] = tag.split(":");
    const source = Readable.fromWeb(tar as Parameters<typeof Readable.fromWeb>[0]);
    const stream = await call(
      `import ${tag}`,
      () => this.#docker.importImage(source, { repo, tag: version, changes: [...changes] }),
    );
    await this.#follow(stream as NodeJS.ReadableStream, { what: `import ${tag}`, onProgress: () => {} });
  }

  async tagImage(tag: string, as: string): Promise<void> {
    const [repo = as, version = "latest"] = as.split(":");
    await ask(`tag ${tag}`, () => this.#docker.getImage(tag).tag({ repo, tag: version }));
  }

  async createContainer(request: ContainerRequest): Promise<string> {
    const { id } = await ask(
      "create a container",
      (abortSignal) => this.#docker.createContainer({ _query: {}, _body: request, abortSignal } as ContainerRequest),
    );
    return id;
  }

  async startContainer(id: string): Promise<void> {
    await ask("start a container", (abortSignal) => this.#docker.getContainer(id).start({ abortSignal }));
  }

  /** Both directions of a container's main process; before it is started nothing is missed. */
  async attach(id: string): Promise<Attachment> {
    const options = { stream: true, hijack: true, stdin: true, stdout: true, stderr: true };
    return await ask(
      "attach to a container",
      async (abortSignal) =>
        toAttachment(await this.#docker.getContainer(id).attach({ ...options, abortSignal }), abortSignal),
    );
  }

  /** Settles when a container has ended; it is not looked at any more when the signal is aborted by then. */
  async waitFor(id: string, signal: AbortSignal): Promise<EngineExit> {
    const container = this.#docker.getContainer(id);
    const { StatusCode } = await call("wait for a container", () => this.#wait(id));
    signal.throwIfAborted();
    const { State } = await ask("inspect a container", (abortSignal) => container.inspect({ abortSignal }));
    return { exitCode: StatusCode, oomKilled: State.OOMKilled };
  }

  /** dockerode's own `wait` settles only when the answer is complete, and never when an Engine dies while it gives it. */
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

  /** Signals the main process of a container; one that has ended is no fault. */
  async killContainer(id: string, signal: string): Promise<void> {
    await ask(
      "signal a container",
      (abortSignal) => this.#docker.getContainer(id).kill({ signal, abortSignal }),
      { timeoutMs: SIGNAL_TIMEOUT_MS },
    ).catch(unlessStatus(404, 409));
  }

  /** Ends a container and removes what belongs to it; one that is gone is no fault. */
  async removeContainer(id: string): Promise<void> {
    await ask(
      "remove a container",
      (abortSignal) => this.#docker.getContainer(id).remove({ force: true, v: true, abortSignal }),
    )
      .catch(unlessStatus(404, 409)); // 409: somebody else is removing it.
  }

  /** Every container that carries a label (`name`, or `name=value`), running or not. */
  async listContainers(label: string): Promise<ListedContainer[]> {
    const listed = await ask(
      "list containers",
      (abortSignal) => this.#docker.listContainers({ all: true, filters: { label: [label] }, abortSignal }),
    );
    return listed.map(({ Id, Labels }) => ({ id: Id, labels: Labels }));
  }

  /** Undefined for a container that is gone. One that is paused does not run. */
  async inspectContainer(id: string): Promise<InspectedContainer | undefined> {
    const found = await ifThere(
      ask("inspect a container", (abortSignal) => this.#docker.getContainer(id).inspect({ abortSignal })),
    );
    return found && {
      isRunning: found.State.Status === "running",
      user: found.Config.User,
      image: found.Image,
      ociRuntime: found.HostConfig.Runtime ?? "",
      network: found.HostConfig.NetworkMode ?? "",
    };
  }

  /** The paths that differ in a container from its image. */
  async changedPaths(id: string): Promise<string[]> {
    const changes: unknown = await ask("compare a container", () => this.#docker.getContainer(id).changes());
    return ((changes ?? []) as readonly { readonly Path: string }[]).map(({ Path }) => Path);
  }

  /** Makes a bridged IPv4 network unless it is there; its containers do not see one another. */
  async ensureNetwork(name: string, { bridge }: { readonly bridge: string }): Promise<void> {
    const listed = await ask("list networks", () => this.#docker.listNetworks({ filters: { name: [name] } }));
    if (listed.some(({ Name }) => Name === name)) return;
    await ask("make a network", (abortSignal) =>
      this.#docker.createNetwork({
        Name: name,
        Driver: "bridge",
        EnableIPv6: false,
        Options: {
          "com.docker.network.bridge.name": bridge,
          "com.docker.network.bridge.enable_icc": "false",
        },
        abortSignal,
      })).catch(unlessStatus(409)); // Somebody else has made it in the same moment.
  }

  /** Sets what a running container may use: memory, swap included, and tasks. */
  async limitContainer(id: string, { memoryMb, tasks }: ContainerBounds): Promise<void> {
    const Memory = memoryMb * MEBIBYTE;
    await ask(
      "limit a container",
      (abortSignal) =>
        this.#docker.getContainer(id).update({ Memory, MemorySwap: Memory, PidsLimit: tasks, abortSignal }),
    );
  }

  async sample(id: string): Promise<ContainerSample> {
    const stats = await ask(
      "measure a container",
      () => this.#docker.getContainer(id).stats({ stream: false, "one-shot": true }),
    );
    const { usage = 0, max_usage = 0, stats: pages } = stats.memory_stats ?? {};
    return {
      cpuMs: (stats.cpu_stats?.cpu_usage?.total_usage ?? 0) / 1e6,
      memoryBytes: Math.max(usage, max_usage),
      usedBytes: usage - (pages?.active_file ?? 0) - (pages?.inactive_file ?? 0),
      tasks: stats.pids_stats?.current,
    };
  }

  /** Starts something beside the main process. */
  async exec(id: string, { argv, user, env, workingDirectory }: ExecRequest): Promise<Attachment & { execId: string }> {
    const exec = await ask("prepare a program", (abortSignal) =>
      this.#docker.getContainer(id).exec({
        Cmd: [...argv],
        User: user,
        Env: toVariables(env),
        WorkingDir: workingDirectory,
        AttachStdin: true,
        AttachStdout: true,
        AttachStderr: true,
        abortSignal,
      }));
    const attachment = await ask(
      "start a program",
      async (abortSignal) => toAttachment(await exec.start({ hijack: true, stdin: true, abortSignal }), abortSignal),
    );
    return { ...attachment, execId: exec.id };
  }

  /** How something ended that {@link exec} started; undefined while it runs. */
  async execExit(execId: string): Promise<EngineExit | undefined> {
    const { Running, ExitCode } = await ask(
      "inspect a program",
      (abortSignal) => this.#docker.getExec(execId).inspect({ abortSignal }),
    );
    return Running || ExitCode === null ? undefined : { exitCode: ExitCode, oomKilled: false };
  }

  async #follow(
    stream: NodeJS.ReadableStream,
    { what, onProgress }: { readonly what: string; onProgress(progress: string): void },
  ): Promise<void> {
    await call(what, () =>
      new Promise<void>((resolve, reject) =>
        this.#docker.modem.followProgress(
          stream,
          (error, events: readonly EngineEvent[] | null) => {
            const said = events?.find((event) => event.error !== undefined)?.error;
            if (error !== null) reject(error);
            else if (said !== undefined) reject(new Error(said));
            else resolve();
          },
          ({ id, status, progress }: EngineEvent) =>
            onProgress([id, status, progress].filter((part) => part !== undefined).join(" ")),
        )
      ));
  }
}

/** What the Engine tells while it pulls or imports; a failure in the middle is told like everything else. */
interface EngineEvent {
  readonly id?: string;
  readonly status?: string;
  readonly progress?: string;
  readonly error?: string;
}
