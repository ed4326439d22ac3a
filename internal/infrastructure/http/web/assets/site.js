// Conveniences. Every page works without them.

for (const input of document.querySelectorAll("input[type=password]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "reveal";
  button.textContent = "Show";
  button.setAttribute("aria-controls", input.id);
  button.setAttribute("aria-label", "Show the password");
  button.addEventListener("click", () => {
    const shows = input.type === "password";
    input.type = shows ? "text" : "password";
    button.textContent = shows ? "Hide" : "Show";
    button.setAttribute("aria-label", shows ? "Hide the password" : "Show the password");
  });
  const box = document.createElement("span");
  box.className = "with-button";
  input.replaceWith(box);
  box.append(input, button);
  if (input.autofocus) input.focus();
}

// A second click must not send a form twice. Browsers that go back show the page as it was.
const buttons = () => document.querySelectorAll("form button:not([type=button])");
document.addEventListener("submit", ({ target }) => {
  // A download leaves the page as it is.
  if ("downloads" in target.dataset) return;
  setTimeout(() => buttons().forEach((each) => { each.disabled = true; }));
});
addEventListener("pageshow", () => buttons().forEach((each) => { each.disabled = false; }));

for (const code of document.querySelectorAll("pre.command")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "small";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  // Browsers have a clipboard only on HTTPS and on this machine.
  if (navigator.clipboard) code.previousElementSibling.append(button);
}

for (const time of document.querySelectorAll("time[datetime]")) {
  const local = new Date(time.dateTime);
  time.title = time.textContent;
  time.textContent = local.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}
