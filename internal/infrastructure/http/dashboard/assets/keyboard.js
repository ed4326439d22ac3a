// The keys of the dashboard. All of it works without them, with Tab and Enter.

const KEYS_OFF = "keys off";
const NEXT_LETTER_WITHIN = 2000;
const ROWS = "tbody tr, [data-row]";

const content = () => document.getElementById("main");
const help = document.getElementById("keys");
let goesUntil = 0;

const isTyping = (element) => element.matches("input:not([type=checkbox]), select, textarea, [contenteditable]");
// Browsers and screen readers use keys together with these.
const hasModifier = (event) => event.ctrlKey || event.metaKey || event.altKey || event.isComposing;

const linkOf = (row) => row.querySelector("a[href]");
const rows = () => [...content().querySelectorAll(ROWS)].filter(linkOf);
const currentRow = () => document.activeElement.closest(ROWS);

function move(step) {
  const all = rows();
  const at = all.indexOf(currentRow());
  const row = at < 0 ? all.at(step > 0 ? 0 : -1) : all[at + step];
  if (!row) return;
  linkOf(row).focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function goTo(letter) {
  goesUntil = 0;
  const link = document.querySelector(`.nav a[data-key="${CSS.escape(letter)}"]`);
  if (link) location.assign(link.href);
}

function toggleHelp() {
  if (help.open) help.close();
  else help.showModal();
}

const actions = {
  "/": () => content().querySelector("[data-search]")?.focus(),
  a: () => content().querySelector("form[method=post] button:not([hidden])")?.focus(),
  g: () => { goesUntil = Date.now() + NEXT_LETTER_WITHIN; },
  j: () => move(1),
  k: () => move(-1),
  x: () => currentRow()?.querySelector("input[type=checkbox]")?.click(),
};

document.addEventListener("keydown", (event) => {
  if (hasModifier(event) || isTyping(event.target)) return;
  const isOff = localStorage.getItem(KEYS_OFF);
  if (event.key === "?" && !isOff) toggleHelp();
  else if (isOff || help.open) return;
  else if (Date.now() < goesUntil) goTo(event.key);
  else if (Object.hasOwn(actions, event.key)) actions[event.key]();
  else return;
  event.preventDefault();
});

// The row that a person is at stays the same when a refresh brings other rows.
let focused;
document.addEventListener("htmx:before:swap", () => { focused = currentRow() && document.activeElement.href; });
document.addEventListener("htmx:after:swap", () => {
  if (!focused || document.activeElement.href === focused) return;
  rows().map(linkOf).find((link) => link.href === focused)?.focus({ preventScroll: true });
});

// What the help says about pages comes from the navigation.
for (const link of document.querySelectorAll(".nav a[data-key]")) {
  const [key, page] = [document.createElement("dt"), document.createElement("dd")];
  for (const letter of ["g", link.dataset.key]) key.append(Object.assign(document.createElement("kbd"), { textContent: letter }), " ");
  page.textContent = link.dataset.page;
  help.querySelector("[data-pages]").append(key, page);
}

const opener = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: "Keys" });
opener.addEventListener("click", toggleHelp);
document.querySelector("[data-theme-switch]").append(opener);

const isOn = help.querySelector("input");
isOn.checked = !localStorage.getItem(KEYS_OFF);
isOn.addEventListener("change", () => {
  if (isOn.checked) localStorage.removeItem(KEYS_OFF);
  else localStorage.setItem(KEYS_OFF, "yes");
});
