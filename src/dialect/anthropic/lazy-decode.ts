import type { Dialect } from "../dialect.ts";

let loaded: Dialect["decode"] | undefined;

/** `decode`, loaded with the first request: to build the schemas takes as long as all else does until Sluice listens. */
export const decode: Dialect["decode"] = (body, context) =>
  (loaded ??= (require("./decode.ts") as typeof import("./decode.ts")).decode)(body, context);
