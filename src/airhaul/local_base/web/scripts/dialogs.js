// One dialog at a time: a title, its content, and closing by Escape, button or a click outside.

import { h } from "./dom.js";
import { icon } from "./icons.js";

/** Open a dialog; closing it returns the focus to where it was. */
export function openDialog(title, content, { kind = "", onClose = null } = {}) {
  const close = h("button", { type: "button", class: "quiet icon-only", "aria-label": "Close", onclick: () => dialog.close() }, icon("close"));
  const head = h("header", {}, h("h2", {}, title), close);
  const dialog = h("dialog", { class: kind, "aria-label": typeof title === "string" ? title : title.textContent }, head, h("div", { class: "content" }, content));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    onClose?.();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
