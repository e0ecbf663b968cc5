// The money desk by keyboard, and the receipt's picture larger and turned. Every step is a form or a link of the page:
// without this script they work by hand.
const OFF = "desk.keys";
const keys = document.getElementById("keys");
const said = document.getElementById("said");
const items = [...document.querySelectorAll("[data-item]")];
const STEPS = { a: "approve", r: "refuse", t: "return" };

const isOn = () => localStorage.getItem(OFF) !== "off";
const current = () => document.activeElement?.closest("[data-item]") ?? null;
const say = (text) => {
  if (said) said.textContent = text;
};

/** Goes to an item: a row by its link, a line by itself, so that it is seen and read out. */
function go(item) {
  if (!item) return;
  for (const other of items) other.toggleAttribute("aria-current", false);
  item.setAttribute("aria-current", "true");
  (item.querySelector("[data-open]") ?? item).focus();
  item.scrollIntoView({ block: item.matches("tr") ? "nearest" : "start" });
}

function move(by) {
  const at = items.indexOf(current());
  if (at < 0) return go(by > 0 ? items[0] : items.at(-1));
  go(items[Math.min(Math.max(at + by, 0), items.length - 1)]);
}

/** A step on a line: at once where nothing is to be written, else the note comes first and Enter sends it. */
function step(name) {
  const item = current() ?? items.find((one) => one.matches("[data-open-line]"));
  const button = item?.querySelector(`button[name="step"][value="${name}"]`);
  if (!button) return say(item ? keys.dataset.cannot : keys.dataset.choose);
  const note = button.form.elements.namedItem("note");
  if (name === "approve" && item.dataset.status === "clear") return button.form.requestSubmit(button);
  for (const other of button.form.querySelectorAll("button"))
    other.classList.toggle("armed", other === button);
  note.focus();
  say(`${button.textContent.trim()}: ${keys.dataset.write}`);
}

/** Enter in a note sends the step that was chosen for it, and never another one; Escape goes back to the line. */
function inNote(event) {
  const armed = event.target.form?.querySelector("button.armed");
  if (event.key === "Escape") {
    armed?.classList.remove("armed");
    event.target.blur();
    items.find((item) => item.contains(event.target))?.focus();
  } else if (event.key === "Enter" && armed && event.target.name === "note") {
    event.preventDefault();
    armed.form.requestSubmit(armed);
  }
}

function picture(how) {
  const views = (current() ?? document).querySelectorAll("[data-picture]");
  for (const view of views) change(view, how);
}

function change(view, how) {
  const now = { zoom: Number(view.dataset.zoom ?? 1), turn: Number(view.dataset.turn ?? 0) };
  if (how === "turn") view.dataset.turn = String((now.turn + 90) % 360);
  else view.dataset.zoom = String(Math.min(Math.max(now.zoom + (how === "in" ? 1 : -1), 1), 4));
}

const PRESSED = {
  j: () => move(1),
  k: () => move(-1),
  n: () => document.querySelector("[data-next-claim]")?.click(),
  x: () => current()?.querySelector("input[type=checkbox]")?.click(),
  z: () => picture("in"),
  Z: () => picture("out"),
  o: () => picture("turn"),
  "/": () => find(),
};

function find() {
  const field = document.querySelector("[data-search]");
  if (!field) return;
  const folded = field.closest("details");
  if (folded) folded.open = true;
  field.focus();
}

function arrow(key) {
  const isRow = items[0]?.matches("tr");
  if (isRow ? key === "ArrowDown" : key === "ArrowRight") return () => move(1);
  if (isRow ? key === "ArrowUp" : key === "ArrowLeft") return () => move(-1);
  return null;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input:not([type=checkbox]), textarea, select")) return inNote(event);
  if (keys?.open || !isOn()) return;
  const isArrow = event.key.startsWith("Arrow");
  if (isArrow && event.target.closest("[data-picture]")) return;
  const act =
    event.key === "?"
      ? () => keys.showModal()
      : isArrow
        ? arrow(event.key)
        : STEPS[event.key]
          ? () => step(STEPS[event.key])
          : PRESSED[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

for (const button of document.querySelectorAll("[data-show-keys]")) {
  button.hidden = false;
  button.addEventListener("click", () => keys.showModal());
}
const wish = document.getElementById("keys-on");
if (wish) {
  wish.checked = isOn();
  wish.addEventListener("change", () => localStorage.setItem(OFF, wish.checked ? "on" : "off"));
}
for (const tools of document.querySelectorAll("[data-picture-tools]")) {
  tools.hidden = false;
  tools.addEventListener("click", (event) => {
    const how = event.target.closest("button")?.dataset.how;
    if (how) change(tools.parentElement.querySelector("[data-picture]"), how);
  });
}
for (const item of items) {
  item.addEventListener("focusin", () => {
    for (const other of items) other.toggleAttribute("aria-current", false);
    item.setAttribute("aria-current", "true");
  });
}
const named = location.hash && document.getElementById(location.hash.slice(1));
if (named?.matches("[data-item]")) go(named);
else if (named) named.focus();
