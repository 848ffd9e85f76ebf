// JSON for people to read.
import { el } from "./dom.js";

const token = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/gi;

// jsonNodes writes a value over several lines, its keys and values told apart.
export function jsonNodes(value) {
  const text = JSON.stringify(value, null, 2) ?? "";
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(token)) {
    nodes.push(text.slice(from, found.index));
    nodes.push(el("span", { class: found[2] ? "key" : "value", text: found[0] }));
    from = found.index + found[0].length;
  }
  nodes.push(text.slice(from));
  return nodes;
}
