// A field for a keyboard-wedge scanner: codes may come faster than the server answers. They wait in line, each is
// sent once, and none is lost when the server is away: the next Enter goes on with it.

/** Queue what is scanned into the form's field. `show` gets the page that answers each code. */
export function scanner(form, show) {
  const field = form.querySelector("[name=code]");
  const said = document.getElementById("said");
  const waiting = [];
  let isBusy = false;

  form.addEventListener("submit", (event) => {
    const { name, value } = event.submitter ?? {};
    const isScan = !name || (name === "step" && value === "scan");
    if (!isScan) {
      if (isBusy || waiting.length) event.preventDefault();
      return;
    }
    event.preventDefault();
    const code = field.value.trim();
    field.value = "";
    if (code) waiting.push(code);
    else form.dispatchEvent(new Event("nothing-scanned"));
    drain();
  });

  async function drain() {
    if (isBusy) return;
    isBusy = true;
    while (waiting.length) {
      try {
        show(await send(waiting[0]));
        waiting.shift();
      } catch {
        said.className = "scan-said bad";
        said.textContent = `${form.dataset.failed} ${waiting.join(", ")}`;
        break;
      }
    }
    isBusy = false;
  }

  async function send(code) {
    const data = new FormData(form);
    data.set("code", code);
    data.set("step", "scan");
    const answer = await fetch(form.action, {
      method: "POST",
      body: data,
      signal: AbortSignal.timeout(30_000),
    });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!answer.ok || !page.getElementById("said")) throw new Error(String(answer.status));
    return page;
  }
}

/** Say aloud and show what the answer says. */
export function say(page) {
  const said = document.getElementById("said");
  const theirs = page.getElementById("said");
  said.className = theirs.className;
  said.replaceChildren(...theirs.childNodes);
}
