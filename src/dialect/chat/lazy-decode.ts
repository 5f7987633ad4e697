import type { Dialect } from "../dialect.ts";

/** `decode`, loaded with the first request: to build the schemas takes as long as all else does until Sluice listens. */
export const decode: Dialect["decode"] = (body, context) =>
  (require("./decode.ts") as typeof import("./decode.ts")).decode(body, context);
