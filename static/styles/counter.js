// The counter: each Enter adds a code to the list without leaving the field. Without this script the form does the
// same, page by page.
import { say, scanner } from "./scanner.js";

const form = document.getElementById("counter");
const rows = document.getElementById("rows");
const confirmLine = document.getElementById("confirm");

form.addEventListener("nothing-scanned", () => {
  if (rows.children.length && document.activeElement.id === "code")
    confirmLine.querySelector("button").focus();
});

scanner(form, (page) => {
  say(page);
  for (const row of [...page.getElementById("rows").children]) {
    const mine = rows.querySelector(`[data-row="${row.dataset.row}"]`);
    if (!mine) rows.append(row);
    else if (row.hasAttribute("data-new")) mine.replaceWith(row);
    else keepPhotos(mine, row);
  }
  confirmLine.hidden = rows.children.length === 0;
  for (const done of document.querySelectorAll("p.empty, [data-testid=finished]")) done.remove();
});

/** What was uploaded with this scan is on the server now: it is named, and not sent again. */
function keepPhotos(mine, theirs) {
  const input = mine.querySelector("input[type=file]");
  if (!input?.files.length) return;
  mine.querySelector("[name^=photos-]").value = theirs.querySelector("[name^=photos-]").value;
  input.value = "";
}
