// Stock-taking: each Enter counts a tool without leaving the field. Without this script each is a page of its own.
import { say, scanner } from "./scanner.js";

scanner(document.getElementById("scan"), (page) => {
  say(page);
  const settled = choices(document);
  for (const id of ["differences", "counted"]) {
    document.getElementById(id).replaceWith(page.getElementById(id));
  }
  // What was chosen already about a difference stays chosen.
  for (const [code, row] of choices(document)) {
    for (const [name, input] of row) input.value = settled.get(code)?.get(name).value ?? "";
  }
});

function choices(page) {
  const rows = [...page.querySelectorAll("#differences tr:has([name=difference])")];
  return new Map(rows.map((row) => [row.querySelector("[name=difference]").value, inputs(row)]));
}

function inputs(row) {
  return new Map(["adjust", "reason"].map((name) => [name, row.querySelector(`[name=${name}]`)]));
}
