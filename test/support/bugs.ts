/** The lines of a log, as it is for programs, that tell of a failure that nobody foresaw. */
export function bugsIn(logged: string): string[] {
  const lines = logged.split("\n").filter((line) => line.startsWith("{") && line.endsWith("}"));
  return lines.filter((line) => (JSON.parse(line) as { error?: unknown }).error === "bug");
}
