/** A check of the suite that does not pass, and why. The suite has none beside these. */
export interface ExpectedFailure {
  readonly scenario: string;
  readonly check: string;
  readonly why: string;
}

const NO_MIRRORED_ARGUMENT = "no tool of the service mirrors an argument into a header, so there is nothing to compare";

/** The checks that do not pass, by the revision. */
export const EXPECTED_FAILURES: Readonly<Record<string, readonly ExpectedFailure[]>> = {
  "2025-11-25": [],
  "2026-07-28": [
    {
      scenario: "server-stateless",
      check: "sep-2575-missing-capability-http-400",
      why:
        "no tool of the service needs a capability of its client; an answer is a stream from its start, so that closing it cancels the call, and has the status 200 then",
    },
    ...[
      "sep-2243-server-no-xmcp-tool",
      "sep-2243-server-decode-base64",
      "sep-2243-server-validate-param-match",
      "sep-2243-server-reject-invalid-param-chars",
      "sep-2243-server-reject-param-mismatch",
    ].map((check) => ({ scenario: "http-custom-header-server-validation", check, why: NO_MIRRORED_ARGUMENT })),
  ],
};

/** Checks that the suite only recommends, and why they are not followed. */
export const EXPECTED_WARNINGS: Readonly<Record<string, readonly ExpectedFailure[]>> = {
  "2025-11-25": ["server-sse-priming-event", "server-sse-retry-field"].map((check) => ({
    scenario: "server-sse-polling",
    check,
    why: "a stream cannot be taken up again: a client that vanishes cancels its call",
  })),
  "2026-07-28": [],
};
