// What scripts add to every page. Each works without them: menus are popovers, dialogs have a page, forms an action.
const root = document.documentElement;

function say(text) {
  const live = document.getElementById("live");
  if (!live) return;
  live.textContent = "";
  requestAnimationFrame(() => { live.textContent = text; });
}

// What failed and has no place of its own on the page.
function fail(text) {
  const box = document.getElementById("toast").content.firstElementChild.cloneNode(true);
  box.querySelector("div").textContent = text;
  document.querySelector(".toasts").append(box);
}

// A toast leaves by itself, but not from under the pointer or the focus.
function leave(box) {
  setTimeout(() => { if (box.matches(":hover, :focus-within")) leave(box); else box.remove(); }, 10000);
}
document.querySelectorAll(".toast").forEach(leave);
document.querySelector("[data-focus]")?.focus();
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

async function copy(button) {
  const text = button.dataset.copy || button.closest(".block").querySelector("pre").textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    return say("Copying is not allowed here");
  }
  button.dataset.done = "";
  say("Copied");
  setTimeout(() => delete button.dataset.done, 1200);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if ("copy" in button.dataset) copy(button);
  else if ("dismiss" in button.dataset) button.closest(".toast").remove();
  else if (button.hasAttribute("commandfor") && !("commandForElement" in HTMLButtonElement.prototype)) {
    const dialog = document.getElementById(button.getAttribute("commandfor"));
    if (button.getAttribute("command") === "show-modal") dialog.showModal(); else dialog.close();
  }
});

// Theme, density, keys: shown at once, kept by the same form that works without scripts.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const { name, value } = event.submitter ?? {};
  if (!("appearance" in form.dataset) || !name) return;
  event.preventDefault();
  if (value) root.dataset[name] = value; else delete root.dataset[name];
  for (const each of form.querySelectorAll(`button[name="${name}"]`)) each.setAttribute("aria-pressed", String(each.value === value));
  const body = new FormData(form, event.submitter);
  fetch(form.action, { method: "POST", body, headers: { "X-Requested-With": "fetch" } }).catch(() => fail("This choice could not be kept."));
  say(event.submitter.textContent.trim());
});

// htmx: short addresses, a lost session takes the whole tab, what arrived is said aloud, no answer is not silence.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (detail.verb !== "get") return;
  for (const [name, value] of [...detail.formData]) if (value === "") detail.formData.delete(name);
});
document.addEventListener("htmx:beforeSwap", (event) => {
  const landed = new URL(event.detail.xhr.responseURL || location.href);
  if (!landed.pathname.startsWith("/accounts/")) return;
  event.detail.shouldSwap = false;
  location.assign(`${landed.pathname}?next=${encodeURIComponent(location.pathname + location.search)}`);
});
document.addEventListener("htmx:afterSwap", ({ detail }) => say(detail.target.querySelector("caption, h2")?.textContent ?? ""));
document.addEventListener("htmx:sendError", () => fail("The server did not answer. Nothing was changed."));
