/** Does the company own this tool already? Asked before one is bought, without network. */
import { kindKey } from "./tools";

export interface ToolKind {
  id: string;
  key: string;
  name?: string;
  model?: string;
  owned?: number;
  on_shelf?: number;
  issued?: number;
  in_repair?: number;
  shelves?: { shelf: string; quantity: number }[];
}

/** So alike must two names be, from 0 to 1, that one is shown for the other. */
const ALIKE = 0.5;
const MOST = 5;

/** The kinds that the company owns and that a typed name and model may mean, the likeliest first. */
export function ownedLike(name: string, model: string, kinds: ToolKind[]): ToolKind[] {
  const [wanted = "", wantedModel = ""] = kindKey(name, model).split("|");
  if ([...wanted].length < 2 && [...wantedModel].length < 2) return [];
  return kinds
    .filter((kind) => (kind.owned ?? 0) > 0)
    .map((kind) => ({ kind, score: likeness(wanted, wantedModel, kind.key) }))
    .filter(({ score }) => score >= ALIKE)
    .sort((a, b) => b.score - a.score || (a.kind.key < b.kind.key ? -1 : 1))
    .slice(0, MOST)
    .map(({ kind }) => kind);
}

function likeness(name: string, model: string, key: string): number {
  const [itsName = "", itsModel = ""] = key.split("|");
  // The model tells more than the name: people call one tool by many names, and write its model in either field.
  if (model && itsModel && model === itsModel) return 2;
  if (itsModel.length > 2 && name.includes(itsModel)) return 1.5;
  return wordLikeness(name, itsName) + (model && itsModel ? wordLikeness(model, itsModel) / 4 : 0);
}

/** 1 where one holds the other; else the share of pairs of letters that both have (Dice). */
function wordLikeness(left: string, right: string): number {
  if (!left || !right) return 0;
  if (left.includes(right) || right.includes(left)) return 1;
  const [some, others] = [pairs(left), pairs(right)];
  const common = [...some].filter((pair) => others.has(pair)).length;
  return (2 * common) / (some.size + others.size);
}

function pairs(text: string): Set<string> {
  const letters = [...text];
  return new Set(letters.slice(1).map((letter, at) => `${letters[at]}${letter}`));
}
