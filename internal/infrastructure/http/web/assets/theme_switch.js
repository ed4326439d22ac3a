// A button for the theme, in the element that asks for one.
const themes = ["", "light", "dark"];
const names = { "": "Theme: system", light: "Theme: light", dark: "Theme: dark" };
const root = document.documentElement;
const themeButton = document.createElement("button");
themeButton.type = "button";
themeButton.className = "quiet";
themeButton.textContent = names[root.dataset.theme ?? ""];
themeButton.addEventListener("click", () => {
  const next = themes[(themes.indexOf(root.dataset.theme ?? "") + 1) % themes.length];
  if (next) root.dataset.theme = next;
  else delete root.dataset.theme;
  localStorage.setItem("theme", next);
  themeButton.textContent = names[next];
});
document.querySelector("[data-theme-switch]").append(themeButton);
