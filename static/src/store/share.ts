/** Taking a share out of the inbox, as files that a form can hold. */
import { filesOf, type SharedFile, shares } from "./inbox";
import { type Captured, capture, NotTaken } from "./photo";

/** A receipt holds this many files, as the server has it too. */
const MOST = 20;

export interface Opened {
  note: string;
  taken: Captured[];
  refused: { name: string; code: string }[];
}

/** What a share brought: the files that are taken, and why the others are not. Null where there is no such share. */
export async function openShare(owner: string, id: string): Promise<Opened | null> {
  const share = (await shares(owner)).find((known) => known.id === id);
  if (!share) return null;
  const opened: Opened = { note: share.note, taken: [], refused: [] };
  for (const file of await filesOf(id)) {
    try {
      const photo = await taken(file, opened.taken.length);
      if (!opened.taken.some((known) => known.sha256 === photo.sha256)) opened.taken.push(photo);
    } catch (error) {
      if (!(error instanceof NotTaken)) throw error;
      opened.refused.push({ name: file.name, code: error.code });
    }
  }
  return opened;
}

async function taken(file: SharedFile, count: number): Promise<Captured> {
  if (file.bytes === null) throw new NotTaken("file_too_large");
  if (count === MOST) throw new NotTaken("too_many_files");
  return capture(new Blob([file.bytes]));
}
