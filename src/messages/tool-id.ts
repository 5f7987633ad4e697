const illegal = /[^a-zA-Z0-9_-]/g;

/**
 * A tool-use id as the Messages API takes it (`^[a-zA-Z0-9_-]+$`). Legal ids stay as they are; in foreign ones each
 * illegal character becomes its code, `call.1` → `call-2e-1`, so that calls and results still find each other and two
 * ids stay two.
 */
export function legalToolId(id: string): string {
  return id.replace(illegal, (character) => `-${character.charCodeAt(0).toString(16)}-`);
}
