// @ts-types="@types/dockerode"
import type Docker from "dockerode";
import { CodeBeakerError } from "../../../core/errors.ts";
import { type Attachment, toAttachment } from "./attachment.ts";
import { callEngine, hasStatus } from "./engine_call.ts";
import type { EngineExit } from "./engine_containers.ts";

/** A process to start beside the main process of a container. */
export interface ExecRequest {
  readonly argv: readonly string[];
  readonly user: string;
}

/** A started exec instance, with its streams. */
export interface AttachedExec extends Attachment {
  readonly execId: string;
}

/** The Engine's calls for exec instances: processes beside the main process of a container. */
export class EngineExecs {
  readonly #docker: Docker;

  constructor(docker: Docker) {
    this.#docker = docker;
  }

  /** Starts a process in a container, and attaches to it. A container that does not run has ended. */
  async start(containerId: string, request: ExecRequest): Promise<AttachedExec> {
    try {
      return await this.#start(containerId, request);
    } catch (error) {
      throw hasStatus(error, 404, 409) ? containerGone(error) : error;
    }
  }

  async #start(containerId: string, { argv, user }: ExecRequest): Promise<AttachedExec> {
    const exec = await callEngine(
      "create an exec instance",
      (abortSignal) =>
        this.#docker.getContainer(containerId).exec({
          Cmd: [...argv],
          User: user,
          WorkingDir: "/",
          AttachStdin: true,
          AttachStdout: true,
          AttachStderr: true,
          abortSignal,
        }),
    );
    const attachment = await callEngine(
      "start an exec instance",
      async (abortSignal) => toAttachment(await exec.start({ hijack: true, stdin: true, abortSignal }), abortSignal),
    );
    return { ...attachment, execId: exec.id };
  }

  /** How an exec instance ended; undefined while it runs. */
  async exit(execId: string): Promise<EngineExit | undefined> {
    const { Running, ExitCode } = await callEngine(
      "inspect an exec instance",
      (abortSignal) => this.#docker.getExec(execId).inspect({ abortSignal }),
    );
    return Running || ExitCode === null ? undefined : { exitCode: ExitCode, oomKilled: false };
  }
}

/** The error for a process in a container that has ended. Its cause is the Engine's refusal. */
function containerGone({ cause }: CodeBeakerError): CodeBeakerError {
  const message = "Cannot go on as the environment's container has ended, and its files with it";
  return new CodeBeakerError("runtime_unavailable", message, { cause });
}
