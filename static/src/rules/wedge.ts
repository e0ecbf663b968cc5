/** A keyboard-wedge scanner: it types faster than any person, and ends with Enter. */

/** No longer pause than this lies between two keys of a scanner (Bluetooth ones are the slowest). */
const LONGEST_PAUSE = 60;
/** Fewer keys than this may be a person's. */
const FEWEST_KEYS = 4;

/** What is read of a key event. */
export interface Key {
  key: string;
  code: string;
  shiftKey: boolean;
}

/** Tells a scanner's keys from a person's, whatever has the focus. */
export class Wedge {
  #typed = "";
  #last = Number.NEGATIVE_INFINITY;

  /** Takes a key and its time in milliseconds. Gives the code that this key ends, else null. */
  press(key: Key, at: number): string | null {
    if (at - this.#last > LONGEST_PAUSE) this.#typed = "";
    this.#last = at;
    if (key.key === "Enter" || key.code === "Enter" || key.code === "NumpadEnter") {
      const code = this.#typed;
      this.#typed = "";
      return code.length < FEWEST_KEYS ? null : code;
    }
    this.#typed += characterOf(key);
    return null;
  }
}

/**
 * The character that a key stands for. An input method (Pinyin) hides it as "Process": then the key's place on the
 * keyboard tells, as a scanner types on an English one.
 */
function characterOf({ key, code, shiftKey }: Key): string {
  if ([...key].length === 1) return key;
  if (key !== "Process") return "";
  const letter = /^Key([A-Z])$/.exec(code)?.[1];
  if (letter) return shiftKey ? letter : letter.toLowerCase();
  return /^(?:Digit|Numpad)([0-9])$/.exec(code)?.[1] ?? (code === "Minus" ? "-" : "");
}
