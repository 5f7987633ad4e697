/** The JSON object that a tool call's arguments spell, empty text being none; undefined when it is anything else. */
export function parseToolInput(json: string): Record<string, unknown> | undefined {
  if (json === "") return {};
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
