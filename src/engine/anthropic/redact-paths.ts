/** Paths that tell whose machine it is: a home folder has its owner's name, and a folder of Claude Code's a project's. */

/** Where on the disk a home folder is looked for: those of Linux, BSD, macOS and Windows, also as Linux mounts them. */
const roots = String.raw`(?:\/var|\/usr|\/export|\/private|\/System\/Volumes\/Data|\/mnt\/[a-z]|\/[a-z])?\/(?:home|Users)\/|[A-Za-z]:\/Users\/`;
const windowsRoot = String.raw`[A-Za-z]:\\{1,2}Users\\{1,2}`;
const nobody = String.raw`(?!(?:Shared|Public|linuxbrew)(?![\w-]))`;
const letter = "[^\\s./\\\\\"'`<>()[\\]{},;:*?|]";
/** A dot at the end of a sentence is none of a name. */
const name = String.raw`(?:${letter}|\.(?=${letter}))+`;
const beginning = String.raw`(?<=^|[^\w./\\~-]|:\/\/)`;
/** Names of several words are only looked for where a Windows path goes on behind them. */
const anyHome = new RegExp(
  String.raw`${beginning}(?:(?:${roots})${nobody}${name}|${windowsRoot}${nobody}(?:${name}(?: ${name}){0,3}(?=\\)|${name}))`,
  "g",
);
/** Claude Code's folders of a project, whose name is its path with dashes, and of a session in it. */
const projectFolder =
  /([\\/](?:projects|claude(?:-\w+)?)[\\/])(?:-(?=[A-Za-z-])|[A-Za-z]--)[\w-]+(?:([\\/])[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})?/g;

/** A text with `~` for home folders, `home` among them, and without the names of projects in Claude Code's own folders. */
export function redactPaths(text: string, home: string | undefined): string {
  const path = home?.replace(/[\\/]+$/, "");
  const own = path ? new RegExp(`${beginning}${RegExp.escape(path)}(?![\\p{L}\\w-]|\\.\\w)`, "gu") : /$^/g;
  return text
    .replace(own, "~")
    .replace(anyHome, "~")
    .replace(projectFolder, (_, parent: string, slash?: string) =>
      slash === undefined ? `${parent}<project>` : `${parent}<project>${slash}<session>`,
    );
}
