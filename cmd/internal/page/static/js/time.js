// Times in the zone and language of who looks at the page.
import { el } from "./dom.js";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export const hour = (date) => clock.format(new Date(date));
export const moment = (date) => full.format(new Date(date));

// when writes a date entity in the format that Telegram describes: r is relative, w the weekday, d or D a short or long
// date, t or T a short or long time. https://core.telegram.org/bots/api#messageentity
export function when(unix, format) {
  const date = new Date(unix * 1000);
  if (Number.isNaN(date.getTime()) || !/^(r|w?[dD]?[tT]?)$/.test(format ?? "")) return "";
  if (format === "r") return relative(date);
  const parts = {
    weekday: format.includes("w") ? "long" : undefined,
    ...(format.includes("d") ? { day: "numeric", month: "numeric", year: "2-digit" } : {}),
    ...(format.includes("D") ? { day: "numeric", month: "long", year: "numeric" } : {}),
    ...(/[tT]/.test(format) ? { hour: "2-digit", minute: "2-digit", second: format.includes("T") ? "2-digit" : undefined } : {}),
  };
  return Object.values(parts).some(Boolean) ? new Intl.DateTimeFormat(undefined, parts).format(date) : "";
}

// dateNode shows a date in the zone of who looks at the page; the text that old clients show is its title.
export function dateNode(unix, format, text, inner) {
  const shown = when(unix, format);
  if (!shown) return el("span", {}, inner);
  return el("time", { datetime: new Date(unix * 1000).toISOString(), title: text, "data-ago": format === "r" ? unix : null, text: shown });
}

// What is relative changes while somebody looks.
setInterval(() => {
  for (const node of document.querySelectorAll("time[data-ago]")) node.textContent = when(Number(node.dataset.ago), "r");
}, 15000);

const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

function relative(date) {
  const seconds = Math.round((date - Date.now()) / 1000);
  const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size) ?? units.at(-1);
  return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(Math.round(seconds / size), unit);
}
