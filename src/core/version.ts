import project from "../../deno.json" with { type: "json" };

/** The name of the service. */
export const SERVICE_NAME = "CodeBeaker";

/** The version of the service, which its project file states; a compiled binary carries it too. */
export const VERSION = project.version;
