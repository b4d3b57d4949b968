// @ts-types="@types/dockerode"
import Docker from "dockerode";
import { type EngineAddress, readCertificates } from "./engine_address.ts";
import { callEngine } from "./engine_call.ts";
import { EngineContainers } from "./engine_containers.ts";
import { EngineExecs } from "./engine_execs.ts";
import { type EngineInfo, readInfo } from "./engine_info.ts";
import { EngineImages } from "./engine_images.ts";
import { EngineNetworks } from "./engine_networks.ts";

/** Calls of dockerode whose types lack the signal that they take. */
interface AbortableCalls {
  info(options: { readonly abortSignal: AbortSignal }): Promise<Record<string, unknown>>;
  ping(options: { readonly abortSignal: AbortSignal }): Promise<unknown>;
}

/**
 * An Engine, through dockerode. Every method of it and of its parts throws {CodeBeakerError} `runtime_unavailable` when
 * the Engine refuses, or does not answer (`isEngineLost`).
 */
export class EngineClient {
  readonly containers: EngineContainers;
  readonly execs: EngineExecs;
  readonly images: EngineImages;
  readonly networks: EngineNetworks;
  readonly #docker: AbortableCalls;

  private constructor(docker: Docker) {
    this.#docker = docker;
    this.containers = new EngineContainers(docker);
    this.execs = new EngineExecs(docker);
    this.images = new EngineImages(docker);
    this.networks = new EngineNetworks(docker);
  }

  /**
   * Creates a client for an address, without connecting. Every option of dockerode is given, so that dockerode takes
   * none from this process's variables.
   *
   * @throws dockerode's own error for a `DOCKER_HOST` or `DOCKER_CERT_PATH` that it cannot parse, though neither is
   *   used
   */
  static async create(address: EngineAddress): Promise<EngineClient> {
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
    await callEngine("be reached", (abortSignal) => this.#docker.ping({ abortSignal }));
  }

  async info(): Promise<EngineInfo> {
    const info = await callEngine(
      "describe itself",
      (abortSignal) => this.#docker.info({ abortSignal }),
    );
    return readInfo(info);
  }
}
