import { ProxyError } from "../error.ts";

const longest = 300;

/**
 * The refusal of a request: a ProxyError of kind `invalid_request` whose message begins with the path of the field at
 * fault, as in `messages.0.role: Input should be 'user' or 'assistant'`. An empty path means the body itself.
 */
export function invalidRequest(path: string, reason: string, code?: string): ProxyError {
  const message = path === "" ? reason : `${path}: ${reason}`;
  return new ProxyError("invalid_request", shorten(message), { param: path === "" ? undefined : shorten(path), code });
}

/** The first few of many, for a sentence: `a, b and 7 more`. */
export function listSome(items: readonly string[], most = 8): string {
  const shown = items.slice(0, most).join(", ");
  return items.length > most ? `${shown} and ${items.length - most} more` : shown;
}

// Paths and ids are the client's text: however long they are, an error stays readable.
function shorten(text: string): string {
  return text.length > longest ? `${text.slice(0, longest - 1).toWellFormed()}…` : text;
}
