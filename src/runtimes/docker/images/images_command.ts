import type { CommandRequest, RuntimeCommand } from "../../entry.ts";
import { settingsOf } from "../settings.ts";
import type { ImageReport } from "./image_builder.ts";

/** `codebeaker images [environments...]` builds local images, for hosts without a registry. */
export const IMAGES_COMMAND: RuntimeCommand = {
  name: "images",
  description: "build the local container images that are missing, from Debian packages",
  arguments: [{ name: "[environments...]", help: "environment names to build images for (default: all)" }],
  flags: [{ flag: "--force", help: "build existing images again" }],
  settings: ["dockerHost", "dockerCertPath"],
  run: buildImages,
};

/** Builds the images. The Engine's client is loaded only then. */
async function buildImages(request: CommandRequest): Promise<void> {
  const [{ EngineClient }, { parseEngineAddress }, builder] = await Promise.all([
    import("../engine/engine_client.ts"),
    import("../engine/engine_address.ts"),
    import("./image_builder.ts"),
  ]);
  const { host, certPath } = settingsOf(request);
  const { images: store } = await EngineClient.create(parseEngineAddress(host, certPath));
  await builder.buildImages(store, {
    environments: request.args,
    force: request.flags["force"] === true,
    directory: request.scratch,
    signal: request.signal,
    report: (report) => print(report, request),
  });
}

async function print(report: ImageReport, output: Pick<CommandRequest, "print" | "printError">): Promise<void> {
  switch (report.kind) {
    case "building":
      await output.printError(`building ${report.tag}`);
      break;
    case "present":
      await output.print(`${report.tag}  exists already`);
      break;
    case "built":
      await output.print(`${report.tag}  ${Math.ceil(report.bytes / 1e6)} MB`);
      break;
  }
}
