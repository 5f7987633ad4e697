/** A certificate for localhost, 127.0.0.1 and upstream.test, of an authority that nobody trusts. For tests alone. */

import { readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dir, "../fixtures/tls");

/** The authority's own certificate. */
export const authority = join(folder, "ca.pem");

export const certificate = {
  key: readFileSync(join(folder, "key.pem"), "utf8"),
  cert: readFileSync(join(folder, "cert.pem"), "utf8"),
};
