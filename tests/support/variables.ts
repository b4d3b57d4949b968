/** This process's variables without those of the project: a child must not find what the tests are told. */
export function withoutProjectVariables(): Record<string, string> {
  return Object.fromEntries(Object.entries(Deno.env.toObject()).filter(([name]) => !name.startsWith("CODEBEAKER_")));
}
