/** The paths of the APIs of other services. Their keys and their errors have forms of their own. */
export const PROTOCOL_PATHS = {
  codapi: /^\/v1\/exec(\/|$)/,
  e2b: /^\/e2b(\/|$)/,
  jupyter: /^\/api(\/(contents|kernels|kernelspecs|sessions|status)(\/|$)|$)/,
  libreChat: /^\/exec(\/|$)/,
  piston: /^\/api\/v2(\/|$)/,
};
