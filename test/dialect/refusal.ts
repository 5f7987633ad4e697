import type { DecodeContext, Dialect } from "../../src/dialect/dialect.ts";
import { ProxyError } from "../../src/error.ts";

export const context: DecodeContext = { headers: new Headers(), defaultModel: undefined };

/** The error with which a dialect refuses a body; fails when it is accepted. */
export function refusalOf(dialect: Dialect, body: unknown): ProxyError {
  try {
    dialect.decode(body, context);
  } catch (error) {
    if (error instanceof ProxyError && error.kind === "invalid_request") return error;
    throw error;
  }
  throw new Error(`it was accepted: ${JSON.stringify(body)}`);
}
