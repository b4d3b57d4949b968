import project from "../../deno.json" with { type: "json" };

/** The name of the service. */
export const SERVICE_NAME = "CodeBeaker";

/** The version of the service, as its project file states it. A compiled binary carries the file. */
export const VERSION = project.version;
