// Switches for what can go wrong.
import { el } from "./dom.js";
import { call, quietly } from "./api.js";
import { on, state } from "./store.js";
import { toast } from "./toast.js";

export function trouble(root) {
  const groups = new Map();
  const about = el("p", { class: "about", role: "status" });
  root.append(el("h2", { text: "Let something break" }));
  const group = (label) => {
    if (!groups.has(label)) {
      const box = el("div", { class: "group", role: "group", "aria-label": `Trouble with ${label}` }, el("span", { text: label }));
      groups.set(label, box);
      root.insertBefore(box, about);
    }
    return groups.get(label);
  };
  root.append(about);
  on("troubles", () => {
    for (const t of state.troubles) {
      const box = group(t.with);
      const old = box.querySelector(`[data-trouble="${t.name}"]`);
      const button = old ?? el("button", {
        type: "button", role: "switch", "data-trouble": t.name, title: t.about, text: t.label,
        click: quietly(() => call("PUT", `/api/troubles/${t.name}`, { on: button.getAttribute("aria-checked") !== "true" })),
      });
      button.setAttribute("aria-checked", t.on);
      if (!old) box.append(button);
    }
    about.textContent = state.troubles.filter((t) => t.on).map((t) => t.about).join(" ");
    if (!groups.has("The bot")) group("The bot").append(...actions());
  });
}

function actions() {
  const postgres = el("button", {
    type: "button", text: "Restart Postgres", title: "Postgres crashes and recovers; nothing that was confirmed is lost",
    click: quietly(async () => {
      postgres.disabled = true;
      try {
        await call("POST", "/api/postgres/restart");
        toast("Postgres crashed and is back.");
      } finally {
        postgres.disabled = false;
      }
    }),
  });
  const kill = el("button", {
    type: "button", class: "danger", text: "Kill the service", title: "kill -9: it starts again after three seconds. Write something meanwhile!",
    click: quietly(() => call("POST", "/api/service/kill")),
  });
  on("service", () => (kill.disabled = !state.service?.running));
  return [kill, postgres];
}
