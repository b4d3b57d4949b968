import type { Submitted } from "../../engine/port.ts";
import type { ByteLease } from "../../concurrency/byte_budget.ts";

/** Has a request hold what it holds for as long as the execution that it becomes, also when it is answered before. */
export async function keepLease(
  lease: Pick<ByteLease, "keepUntil">,
  submitting: Promise<Submitted>,
): Promise<Submitted> {
  const submitted = await submitting;
  lease.keepUntil(submitted.ended);
  return submitted;
}
