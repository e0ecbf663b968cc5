/** Where the person is: the part of the address behind `#`. */
import { signal } from "@preact/signals";

const read = () => (location.hash.replace(/^#\/?/, "") || "today").split("/").map(decodeURIComponent);

/** The parts of the route: `#/receipt/<id>` is `['receipt', '<id>']`. */
export const route = signal<string[]>(typeof location === "undefined" ? ["today"] : read());

/** Follows the address. */
export function followAddress(): void {
  window.addEventListener("hashchange", () => {
    route.value = read();
    window.scrollTo(0, 0);
    document.querySelector<HTMLElement>("main")?.focus();
  });
}

/** Goes to a screen. */
export function go(...parts: string[]): void {
  location.hash = `#/${parts.map(encodeURIComponent).join("/")}`;
}
