import { z } from "zod";
import { permissionCeilingSchema } from "../permissions/permissions.ts";
import { countSchema } from "./fields.ts";
import { MAX_DENIALS } from "./vocabulary.ts";

/** The change of a request that would allow an access. */
export const remedySchema = z.strictObject({ permissions: permissionCeilingSchema }).meta({
  id: "Remedy",
  description:
    "A JSON merge patch (RFC 7396) of the request that was denied; in a session it patches the session's request. As a merge patch replaces lists, each list is whole: the entries of the request, and the missing ones",
});

/** One access that was denied to a program. */
export const denialSchema = z.strictObject({
  kind: z.enum(["read", "write", "net", "import", "env", "run", "sys", "ffi", "capability"]).describe(
    "The kind of access; capability is a privilege of the operating system",
  ),
  target: z.string().describe("The path, host:port or name that the program asked for; * when unknown"),
  at: z.string().exactOptional().describe("The place in the program, as file:line:column; absent when unknown"),
  rule: z.string().describe("The rule that denied the access"),
  remedy: remedySchema.exactOptional().describe("Absent when no request can allow the access"),
}).meta({ id: "Denial", description: "One access that was denied to a program" });

/** The fields of an execution that list its denials. */
export const denialFields = {
  denials: z.array(denialSchema).max(MAX_DENIALS).describe("Each once, in the order of their first occurrence"),
  denialsOmitted: countSchema.exactOptional().describe("How many further denials were counted; absent without any"),
};

/** The denials of one execution. */
export const denialsSchema = z.strictObject(denialFields);
