// The theme: light, dark, or that of the system; remembered in this browser.

import { show } from "./dom.js";
import { icon } from "./icons.js";

const KEPT = "airhaul.theme";
const NEXT = { auto: "light", light: "dark", dark: "auto" };
const ICONS = { auto: "auto_theme", light: "sun", dark: "moon" };

export function startTheme(button) {
  let theme = localStorage.getItem(KEPT) ?? "auto";
  if (!(theme in NEXT)) theme = "auto";
  const apply = () => {
    document.documentElement.dataset.theme = theme;
    show(button, icon(ICONS[theme]));
    button.title = `Theme: ${theme === "auto" ? "as the system" : theme}`;
    button.setAttribute("aria-label", button.title);
  };
  button.addEventListener("click", () => {
    theme = NEXT[theme];
    localStorage.setItem(KEPT, theme);
    apply();
  });
  apply();
}
