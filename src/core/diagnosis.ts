import type { Answer } from "./answers/answer.ts";
import type {
  canaryFindingSchema,
  checkFindingSchema,
  diagnosisSchema,
  languageFindingSchema,
  layerFindingSchema,
  memoryFindingSchema,
  runtimeDiagnosisSchema,
  serviceDiagnosisSchema,
} from "./answers/diagnosis.ts";

/** One layer of isolation on this machine. */
export type LayerFinding = Answer<typeof layerFindingSchema>;

/** The result of one canary of the self-test. */
export type CanaryFinding = Answer<typeof canaryFindingSchema>;

/** A requirement of a language, and whether this machine meets it. */
export type LanguageFinding = Answer<typeof languageFindingSchema>;

/** The isolation of a runtime's programs, layer by layer. */
export type Diagnosis = Answer<typeof diagnosisSchema>;

/** A diagnosis with the name of its runtime. */
export type RuntimeDiagnosis = Answer<typeof runtimeDiagnosisSchema>;

/** The result of one check of the machine or of the service's settings. */
export type CheckFinding = Answer<typeof checkFindingSchema>;

/** The diagnosis of the whole service. */
export type ServiceDiagnosis = Answer<typeof serviceDiagnosisSchema>;

/** The machine's memory, and the budget of programs and workspaces, in MB. */
export type MemoryFinding = Answer<typeof memoryFindingSchema>;

/** Whether every canary passed and a runtime reaches the floor. */
export function isHealthy({ floorReached, runtimes }: ServiceDiagnosis): boolean {
  return floorReached && runtimes.every(({ canaries }) => canaries.every(({ kept }) => kept));
}
