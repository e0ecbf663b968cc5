// Passkeys: the browser asks for one, or makes one, and the form carries its answer. Without this script, or where the
// browser knows no passkeys, the form's field for a code is all there is.
for (const box of document.querySelectorAll("[data-passkey]")) {
  const button = box.querySelector("button");
  const said = box.querySelector("[role=alert]");
  const say = (name) => {
    said.textContent = name && box.dataset[name];
    said.hidden = !name;
  };
  box.hidden = false;
  if (!window.PublicKeyCredential || !navigator.credentials) {
    button.disabled = true;
    say("unsupported");
  }
  if (box.dataset.passkey === "make") {
    // Enter in the name's field stands for the button; such a form holds nothing else to send.
    button.form.addEventListener("submit", (event) => {
      event.preventDefault();
      button.click();
    });
  }
  button.addEventListener("click", async () => {
    say("");
    button.disabled = true;
    try {
      const options = await orders(box);
      const answer = options ? await ceremony(box.dataset.passkey, options) : null;
      if (!answer) return say("again");
      box.querySelector("input").value = JSON.stringify(answer);
      // Not requestSubmit: the code, which the form else requires, is not needed.
      HTMLFormElement.prototype.submit.call(button.form);
    } catch (error) {
      say(words(error));
    } finally {
      button.disabled = false;
    }
  });
}

/** What the server wants of the authenticator; nothing where it no longer waits for this page. */
async function orders(box) {
  const token = box.closest("form").elements.namedItem("csrf_token").value;
  const answer = await fetch(box.dataset.orders, { method: "POST", headers: { "X-CSRFToken": token } });
  const isJson = answer.ok && answer.headers.get("Content-Type")?.startsWith("application/json");
  return isJson ? answer.json() : null;
}

async function ceremony(kind, options) {
  options.challenge = bytes(options.challenge);
  for (const known of [...(options.allowCredentials ?? []), ...(options.excludeCredentials ?? [])]) {
    known.id = bytes(known.id);
  }
  if (kind === "show") return written(await navigator.credentials.get({ publicKey: options }));
  options.user.id = bytes(options.user.id);
  return written(await navigator.credentials.create({ publicKey: options }));
}

/** A credential as JSON; not every browser in use has toJSON. */
function written(credential) {
  const response = {};
  for (const name of [
    "clientDataJSON",
    "attestationObject",
    "authenticatorData",
    "signature",
    "userHandle",
  ]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response };
}

function words(error) {
  if (error.name === "InvalidStateError") return "taken";
  if (error.name === "SecurityError") return "elsewhere";
  return error.name === "NotAllowedError" || error.name === "AbortError" ? "cancelled" : "failed";
}

function bytes(encoded) {
  const plain = atob(encoded.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

function text(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
