import type { Answer } from "../answers/answer.ts";
import type { denialSchema, denialsSchema, remedySchema } from "../answers/denial.ts";

/** One access that was denied to a program, as clients see it. */
export type Denial = Answer<typeof denialSchema>;

/** The change of a request that would allow an access. */
export type Remedy = Answer<typeof remedySchema>;

/** The denials of one execution. */
export type Denials = Answer<typeof denialsSchema>;
