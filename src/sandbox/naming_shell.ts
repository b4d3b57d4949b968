const PREFIX = "CODEBEAKER_";

/** A command line that gets variables under their names, and what stands in their place until then. */
export interface NamedVariables {
  readonly launchers: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Keeps variables from launchers, which would obey some of them (LD_PRELOAD, SHELLOPTS): the last launcher, a shell that
 * is confined as its program is, has env(1) give each value its name and become the program.
 */
export function nameVariables(variables: Readonly<Record<string, string>>): NamedVariables {
  const names = Object.keys(variables);
  const places = names.map((_, index) => `${PREFIX}${index}`);
  // The shell assigns none itself: it keeps some names to itself, such as bash's UID.
  const script = [
    "exec /usr/bin/env",
    ...places.map((place) => `-u ${place}`),
    ...names.map((name, index) => `"${name}=$${places[index]}"`),
    '"$@"',
  ].join(" ");
  return {
    launchers: ["/bin/sh", "-c", script, "sh"],
    env: Object.fromEntries(Object.values(variables).map((value, index) => [places[index] ?? "", value])),
  };
}
