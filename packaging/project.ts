import { fromFileUrl } from "@std/path";

/** The directory of the project, with a slash at its end. */
export const PROJECT = fromFileUrl(new URL("../", import.meta.url));
