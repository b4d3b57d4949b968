// @ts-types="@types/dockerode"
import type Docker from "dockerode";
import { callEngine, ignoreStatus } from "./engine_call.ts";

/** The Engine's calls for networks. */
export class EngineNetworks {
  readonly #docker: Docker;

  constructor(docker: Docker) {
    this.#docker = docker;
  }

  /** Creates a bridged IPv4 network unless it exists; its containers cannot reach one another. */
  async ensure(name: string, { bridge }: { readonly bridge: string }): Promise<void> {
    const listed = await callEngine(
      "list networks",
      (abortSignal) => this.#docker.listNetworks({ filters: { name: [name] }, abortSignal }),
    );
    if (listed.some(({ Name }) => Name === name)) return;
    await callEngine("create a network", (abortSignal) =>
      this.#docker.createNetwork({
        Name: name,
        Driver: "bridge",
        EnableIPv6: false,
        Options: {
          "com.docker.network.bridge.name": bridge,
          "com.docker.network.bridge.enable_icc": "false",
        },
        abortSignal,
      })).catch(ignoreStatus(409)); // Another service has created it meanwhile.
  }
}
