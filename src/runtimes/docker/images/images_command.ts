import type { ProgressTask } from "../../../core/progress.ts";
import type { CommandRequest, RuntimeCommand } from "../../entry.ts";
import { settingsOf } from "../settings.ts";
import type { ImageReport } from "./image_builder.ts";

/** `codebeaker images [environments...]` builds local images, for hosts without a registry. */
export const IMAGES_COMMAND: RuntimeCommand = {
  name: "images",
  description: "build the local container images that are missing, from Debian packages",
  arguments: [{ name: "[environments...]", help: "environment names to build images for (default: all)" }],
  flags: [
    { flag: "--force", help: "build existing images again" },
    { flag: "--json", help: "print each step as a line of JSON" },
  ],
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
  using building = new DisposableStack();
  await builder.buildImages(store, {
    environments: request.args,
    force: request.flags["force"] === true,
    directory: request.scratch,
    signal: request.signal,
    report: reporterOf(request, building),
  });
}

/** Shows a build while it lasts, and prints its end. With `--json` each report is a line of JSON. */
function reporterOf({ flags, print, progress }: CommandRequest, building: DisposableStack) {
  const tasks = new Map<string, ProgressTask>();
  return async (report: ImageReport): Promise<void> => {
    const { kind, tag } = report;
    if (kind === "building") tasks.set(tag, building.use(progress.begin(`building ${tag}`)));
    else tasks.get(tag)?.[Symbol.dispose]();
    if (flags["json"] === true) await print(JSON.stringify(report));
    else if (kind === "present") await print(`${tag}  exists already`);
    else if (kind === "built") await print(`${tag}  ${Math.ceil(report.bytes / 1e6)} MB`);
  };
}
