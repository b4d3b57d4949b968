import type { Lease, WarmMember } from "./warm_member.ts";
import type { ExecutionEnvironment } from "../port.ts";

/** The environment of a lease. Disposing it ends the lease. */
export function leasedEnvironment<Member extends ExecutionEnvironment & WarmMember>(
  lease: Lease<Member>,
): ExecutionEnvironment {
  const { member } = lease;
  return {
    id: member.id,
    language: member.language,
    get warm() {
      return member.warm;
    },
    files: member.files,
    mainFile: (language) => member.mainFile(language),
    run: (program, options) => member.run(program, options),
    [Symbol.asyncDispose]: () => lease[Symbol.asyncDispose](),
  };
}
