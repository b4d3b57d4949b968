import type { Answer } from "../../core/answers/answer.ts";
import type { executionReportSchema } from "../../core/answers/execution_report.ts";
import type { ExecutionReport } from "../../engine/port.ts";
import { failureProblem } from "./problem.ts";

/** The wire form of a report. It is the state until the end, then the execution or the service's error. */
export function toReportBody(report: ExecutionReport, requestId: string): Answer<typeof executionReportSchema> {
  switch (report.status) {
    case "ended":
      return report.execution;
    case "failed":
      return { id: report.id, status: "failed", error: failureProblem(report.error, requestId) };
    case "queued":
    case "running":
      return report;
  }
}
