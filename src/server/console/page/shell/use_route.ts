import { useLayoutEffect, useState } from "preact/hooks";
import { parseRoute, type Route } from "./route.ts";

/** Follows the address of the tab. */
export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useLayoutEffect(() => { // Before the first paint: a click may follow it at once.
    const onChange = () => setRoute(parseRoute(location.hash));
    addEventListener("hashchange", onChange);
    return () => removeEventListener("hashchange", onChange);
  }, []);
  return route;
}
