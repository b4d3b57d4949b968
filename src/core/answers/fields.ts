import { z } from "zod";

/** A time as ISO 8601, in UTC. */
export const timeSchema = z.iso.datetime();

/** A number of things, or of bytes. */
export const countSchema = z.int().min(0);

/** A duration in ms. */
export const durationSchema = z.number().min(0);

/** The cursor of the next page of a listing. */
export const nextCursorSchema = z.string().exactOptional().describe("The cursor of the next page; absent on the last");
