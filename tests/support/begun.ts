import { ApiClient } from "./api_client.ts";
import { until } from "./until.ts";

/** Waits until so many programs of a service have printed, whether they have ended meanwhile or not. */
export async function untilBegun(service: { readonly url: string }, count = 1): Promise<void> {
  const client = new ApiClient(service);
  const isBegun = async ({ id }: { readonly id: string }) =>
    (await client.json("GET", `/v1/executions/${id}`)).stdout?.startsWith("begun\n") === true;
  await until(async () => {
    const { executions } = await client.json("GET", "/v1/executions");
    const begun = await Promise.all(executions.map(isBegun));
    return begun.filter((is) => is).length >= count;
  }, `${count} programs have begun`);
}
