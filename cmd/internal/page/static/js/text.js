// Text as Telegram shows it: by its entities, whose offsets count UTF-16 units, as JavaScript does.
import { el } from "./dom.js";
import { dateNode } from "./time.js";

// rich makes nodes of a text. onCommand gets the commands that are pressed.
export function rich(text, entities, onCommand) {
  const sorted = [...(entities ?? [])].filter((e) => e.length > 0).sort((a, b) => a.offset - b.offset || b.length - a.length);
  return between(text, 0, text.length, sorted, onCommand);
}

// between makes nodes of a part of the text. It takes from the front of the entities those that begin in the part; one that
// reaches out of it is cut, as they may nest but not cross.
function between(text, from, to, entities, onCommand) {
  const nodes = [];
  while (entities.length > 0 && entities[0].offset < to) {
    const entity = entities.shift();
    const start = Math.max(entity.offset, from);
    const end = Math.min(entity.offset + entity.length, to);
    if (end <= start) continue;
    if (start > from) nodes.push(document.createTextNode(text.slice(from, start)));
    const inner = [];
    while (entities.length > 0 && entities[0].offset < end) inner.push(entities.shift());
    nodes.push(dress(entity, text.slice(start, end), between(text, start, end, inner, onCommand), onCommand));
    from = end;
    if (blocks.has(entity.type) && from < to && text[from] === "\n") { // the block has ended its line already
      nodes.push(el("span", { hidden: true, text: "\n" }));
      from++;
    }
  }
  if (to > from) nodes.push(document.createTextNode(text.slice(from, to)));
  return nodes;
}

const blocks = new Set(["pre", "blockquote", "expandable_blockquote"]);
const plainTags = { bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code" };

function dress(entity, text, inner, onCommand) {
  if (plainTags[entity.type]) return el(plainTags[entity.type], {}, inner);
  switch (entity.type) {
    case "pre":
      return el("pre", {}, el("code", {}, inner));
    case "blockquote":
      return el("blockquote", {}, inner);
    case "expandable_blockquote":
      return longQuote(inner);
    case "spoiler":
      return spoiler(inner);
    case "text_link":
      return link(entity.url, inner);
    case "url":
      return link(/^https?:/i.test(text) ? text : `https://${text}`, inner);
    case "bot_command":
      return onCommand ? el("button", { type: "button", class: "inline", title: `Send ${text}`, click: () => onCommand(text) }, inner)
        : el("span", { class: "link" }, inner);
    case "text_mention":
      return el("b", { class: "link", title: `Names ${entity.user?.first_name ?? "somebody"}` }, inner);
    case "mention":
    case "hashtag":
    case "cashtag":
    case "email":
    case "phone_number":
      return el("span", { class: "link" }, inner);
    case "date_time":
      return dateNode(entity.unix_time, entity.date_time_format, text, inner);
  }
  return el("span", {}, inner);
}

// link makes a link of an address that the web knows; everything else stays text.
function link(address, inner) {
  let url;
  try {
    url = new URL(address);
  } catch {
    return el("span", {}, inner);
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") return el("span", { class: "link", title: address }, inner);
  return el("a", { href: url.href, target: "_blank", rel: "noopener noreferrer", title: url.href }, inner);
}

// longQuote shows the beginning of a quote, and a button for the rest where there is more.
function longQuote(inner) {
  const quote = el("blockquote", { class: "long" }, inner);
  const more = el("button", {
    type: "button", class: "inline", text: "Show more", "aria-expanded": "false",
    click: () => {
      const open = quote.classList.toggle("open");
      more.textContent = open ? "Show less" : "Show more";
      more.setAttribute("aria-expanded", open);
    },
  });
  new ResizeObserver(() => (more.hidden = !quote.classList.contains("open") && quote.scrollHeight <= quote.clientHeight)).observe(quote);
  return el("div", {}, quote, more);
}

function spoiler(inner) {
  const hidden = el("span", { class: "spoiler", role: "button", tabindex: "0", "aria-label": "Hidden text, press to show" }, inner);
  const show = () => {
    hidden.classList.add("open");
    for (const name of ["role", "tabindex", "aria-label"]) hidden.removeAttribute(name);
  };
  hidden.addEventListener("click", show);
  hidden.addEventListener("keydown", (event) => (event.key === "Enter" || event.key === " ") && (event.preventDefault(), show()));
  return hidden;
}
