import type { ErrorCode, ErrorDetails } from "../../core/errors.ts";
import { failureProblem, type Problem } from "../http/problem.ts";

const UNKNOWN_FIELD = 'Unknown field "languge", did you mean "language"?';

const DETAILS: Readonly<Record<ErrorCode, string>> = {
  invalid_request: `Cannot read the execution request: languge: ${UNKNOWN_FIELD}`,
  unauthorized: "Cannot serve this request as it must carry a valid API key",
  permission_denied: 'Cannot serve this request as the key "ci" must have the scope "execute"',
  not_found: 'Cannot find the execution "exec_39c8a2b6f01f4c7a8a3d7cf2f39b2a55"',
  conflict: "Cannot use the session sess_0b5f3a53d2e84b3f9f0a4f6b7f1c2d3e as it is closed: create another",
  too_large:
    "Cannot take the body as it must be at most 16777216 bytes long: send large files one by one to a session, " +
    "by PUT /v1/sessions/{id}/files/{path}",
  unsupported_language: 'Cannot run code as no runtime supports its language: current value is "cobol"',
  no_suitable_runtime: "Cannot run python as no runtime passes the filters",
  busy: "Cannot run now as too many others wait",
  runtime_unavailable: "Cannot run python as first is unavailable (it is not installed): install it",
  internal: "Internal error",
};

/** What a problem with a code has beside its message. */
const FACTS: Readonly<Partial<Record<ErrorCode, ErrorDetails>>> = {
  busy: { retryAfterMs: 1_000 },
  invalid_request: { errors: [{ path: "languge", message: UNKNOWN_FIELD }] },
};

/** Makes the example of a problem with a code. */
export function problemExample(code: ErrorCode): Problem {
  const failure = { code, message: DETAILS[code], details: FACTS[code] ?? {} };
  return failureProblem(failure, "5ee50377-6ccd-49bf-994e-2ef966183be1");
}
