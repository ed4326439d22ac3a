// Refreshes the page while it is visible. Every page works without this.

const main = () => document.getElementById("main");
const periods = [2, 5, 10, 20, 0];
const period = () => Number(localStorage.getItem("refresh") ?? 5);
// The answer to a form is not fetched again.
const isLive = () => main().hasAttribute("hx-get");
let waiting;

function plan() {
  clearTimeout(waiting);
  const seconds = period();
  if (seconds && !document.hidden && isLive()) waiting = setTimeout(refresh, seconds * 1000);
}

function refresh() {
  // A person who types or selects must not lose it.
  const isTyping = main().contains(document.activeElement) && document.activeElement.matches("input, select, textarea");
  const isBusy = isTyping || main().querySelector("input:checked, details[open]");
  if (!isBusy && getSelection().isCollapsed) htmx.trigger(main(), "refresh");
  plan();
}

// The server does not send again what the page shows.
let shown;
document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  if (shown && ctx.sourceElement === main()) ctx.request.headers["If-None-Match"] = shown;
});
document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  shown = ctx.response.headers.get("ETag");
});

function showPeriod() {
  const live = document.getElementById("live");
  if (!live || !isLive()) return;
  const seconds = period();
  let button = live.querySelector("button");
  if (!button) {
    button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.addEventListener("click", () => {
      localStorage.setItem("refresh", periods[(periods.indexOf(period()) + 1) % periods.length]);
      showPeriod();
      plan();
    });
    live.append(button);
    live.hidden = false;
  }
  live.classList.toggle("off", !seconds);
  button.textContent = seconds ? `Live, every ${seconds} s` : "Live is off";
}

// An action in steps goes on until its form asks for nothing more.
const goOn = () => main().querySelector("form[data-goes-on]")?.requestSubmit();

// The box of the whole page ticks the boxes of its rows.
document.addEventListener("change", ({ target }) => {
  const boxes = (name) => [...target.form.querySelectorAll(`input[type=checkbox][name="${name}"]`)];
  const whole = target.form?.querySelector("input[data-selects]");
  if (!whole) return;
  if (target === whole) for (const box of boxes(whole.dataset.selects)) box.checked = whole.checked;
  else if (target.name === whole.dataset.selects) whole.checked = boxes(target.name).every((box) => box.checked);
});

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("button[data-copies]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).textContent);
  button.textContent = "Copied";
});

function arrive() {
  // Browsers offer a clipboard only to pages that came over HTTPS, or from this machine.
  if (navigator.clipboard) for (const button of main().querySelectorAll("button[data-copies]")) button.hidden = false;
  showPeriod();
  goOn();
}

document.addEventListener("visibilitychange", plan);
document.addEventListener("htmx:after:swap", arrive);
arrive();
plan();
