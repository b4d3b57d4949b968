import type { ZodOpenApiPathsObject } from "zod-openapi";
import { z } from "zod";
import { treeSchema } from "../../../core/answers/files.ts";
import { deleteQuery, treeQuery } from "../../routes/files.ts";
import { TREE } from "../examples.ts";
import { answer, describeOperation, jsonAnswer, type Operation } from "../operation.ts";
import { changeHeaders, filePath, readHeaders, sessionPath } from "../parameters.ts";

const tag = "Files";
const scope = "sessions";
const BYTES = { type: "string", format: "binary" } as const;

const downloadHeaders = {
  "Content-Disposition": z.string().meta({ description: "Names the file, and makes browsers save it" }),
};

const fileHeaders = {
  ...downloadHeaders,
  "Accept-Ranges": z.literal("bytes"),
  "ETag": z.string().meta({ description: "The version of the file" }),
  "Last-Modified": z.string().meta({ description: "The time of the version" }),
};

const contentRange = z.string().meta({ description: "The range, and the length of the file" });

const unchanged = answer("The client has this version of the file", { headers: fileHeaders });

const reading: Omit<Operation, "id" | "summary" | "answers"> = {
  tag,
  scope,
  path: filePath,
  headers: readHeaders,
  problems: ["not_found", "conflict", "runtime_unavailable"],
};

/** The paths of a session's files. */
export const filePaths: ZodOpenApiPathsObject = {
  "/v1/sessions/{id}/files": {
    get: describeOperation({
      id: "listFiles",
      tag,
      scope,
      summary: "List the files of a session",
      path: sessionPath,
      query: treeQuery,
      answers: { 200: jsonAnswer("The tree below the directory", { schema: treeSchema, example: TREE }) },
      problems: ["not_found", "conflict", "too_large", "busy", "runtime_unavailable"],
    }),
  },
  "/v1/sessions/{id}/files/{path}": {
    get: describeOperation({
      ...reading,
      id: "readFile",
      summary: "Read a file",
      answers: {
        200: answer("The bytes of the file", {
          headers: fileHeaders,
          content: { "application/octet-stream": { schema: BYTES } },
        }),
        206: answer("The bytes of the range", {
          headers: { ...fileHeaders, "Content-Range": contentRange },
          content: { "application/octet-stream": { schema: BYTES } },
        }),
        304: unchanged,
        416: answer("The file has no such range", { headers: { ...fileHeaders, "Content-Range": contentRange } }),
      },
    }),
    head: describeOperation({
      ...reading,
      id: "statFile",
      summary: "Show the version and length of a file",
      answers: { 200: answer("The file is there", { headers: fileHeaders }), 304: unchanged },
    }),
    put: describeOperation({
      id: "writeFile",
      tag,
      scope,
      summary: "Write a file",
      description:
        "Makes the directories above it. The file is there as a whole or, where the client goes away, not at all.",
      path: filePath,
      headers: changeHeaders,
      body: {
        required: true,
        description: "The bytes of the file, whatever their type",
        content: { "application/octet-stream": { schema: BYTES } },
      },
      answers: { 201: answer("The file is new"), 204: answer("The file was replaced") },
      problems: ["not_found", "conflict", "runtime_unavailable"],
    }),
    delete: describeOperation({
      id: "deleteFile",
      tag,
      scope,
      summary: "Delete a file or a directory",
      path: filePath,
      query: deleteQuery,
      headers: changeHeaders,
      answers: { 204: answer("It is deleted") },
      problems: ["not_found", "conflict", "busy", "runtime_unavailable"],
    }),
  },
  "/v1/sessions/{id}/archive": {
    get: describeOperation({
      id: "readArchive",
      tag,
      scope,
      summary: "Read the workspace as a tar archive",
      path: sessionPath,
      answers: {
        200: answer("The archive", { headers: downloadHeaders, content: { "application/x-tar": { schema: BYTES } } }),
      },
      problems: ["not_found", "conflict", "too_large", "runtime_unavailable"],
    }),
    put: describeOperation({
      id: "writeArchive",
      tag,
      scope,
      summary: "Write files of a tar archive into the workspace",
      path: sessionPath,
      body: {
        required: true,
        description: "A tar archive, which may be compressed with gzip",
        content: { "application/x-tar": { schema: BYTES } },
      },
      answers: { 204: answer("Its files are in the workspace") },
      problems: ["not_found", "conflict", "runtime_unavailable"],
    }),
  },
};
