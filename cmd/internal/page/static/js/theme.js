// Light or dark: as the system has it, until somebody chooses.
const key = "tryout-theme";
const system = matchMedia("(prefers-color-scheme: dark)");

export function theme() {
  const button = document.getElementById("theme");
  const show = () => {
    const dark = (localStorage.getItem(key) ?? (system.matches ? "dark" : "light")) === "dark";
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    button.setAttribute("aria-pressed", dark);
  };
  button.addEventListener("click", () => {
    localStorage.setItem(key, document.documentElement.dataset.theme === "dark" ? "light" : "dark");
    show();
  });
  system.addEventListener("change", show);
  show();
}
