import { dirname, sep } from 'node:path';

/** Whether a path is a folder's or lies in it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);
}

/** The path from a folder that it lies in. Thousands are made in a start: `relative` and `join` of Node.js take longer. */
export function below(folder: string, path: string): string {
  return path.slice(folder.endsWith(sep) ? folder.length : folder.length + 1);
}

/** The path of what has this name in a folder. */
export function child(folder: string, name: string): string {
  return folder.endsWith(sep) ? folder + name : folder + sep + name;
}

/** The folder and those above it but the topmost, the nearest first. */
export function ancestorsOf(dir: string): string[] {
  const above = dirname(dir);
  return above === dir ? [] : [dir, ...ancestorsOf(above)];
}
