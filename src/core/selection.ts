import type { Answer } from "./answers/answer.ts";
import type {
  attemptSchema,
  candidateSchema,
  rejectionSchema,
  scoreInputsSchema,
  selectionSchema,
  startPathSchema,
} from "./answers/selection.ts";

/** Why a candidate is rejected, as a code and as text. */
export type Rejection = Answer<typeof rejectionSchema>;

/** The code of a rejection. */
export type RejectionCode = Rejection["code"];

/** Whether a start uses a warm environment. */
export type StartPath = Answer<typeof startPathSchema>;

/** The inputs of a score. */
export type ScoreInputs = Answer<typeof scoreInputsSchema>;

/** One runtime in a selection. */
export type Candidate = Answer<typeof candidateSchema>;

/** The explained choice of a runtime. */
export type Selection = Answer<typeof selectionSchema>;

/** How to rank the runtimes that passed the filters. */
export type Preference = Selection["preference"];

/** One failed attempt to create an environment, before any user code began. */
export type Attempt = Answer<typeof attemptSchema>;
