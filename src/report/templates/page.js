"use strict";

const byId = (id) => document.getElementById(id);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const views = all(".view");
const rows = all("tr[data-claim]");
const ids = rows.map((row) => row.dataset.claim);
const overview = byId("overview"), page = byId("claim"), tip = byId("header");
const filters = overview.querySelector(".filters");
const home = document.title;

// What is packed: JSON, in zlib's format, in Base64.
const unpacked = new Map();
function unpack(name) {
  if (!unpacked.has(name)) {
    const packed = document.querySelector(`[data-pack="${CSS.escape(name)}"]`);
    const bytes = Uint8Array.from(atob(packed.textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    unpacked.set(name, new Response(stream).json());
  }
  return unpacked.get(name);
}

function element(markup) {
  const holder = document.createElement("template");
  holder.innerHTML = markup;
  return holder.content;
}

const escaped = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

const html = (pack, key) => pack.results[key].html.map((i) => pack.texts[i]).join("\n");

// ---- Ladders ----

// Puts the numbers into a ladder's rows that were taken out of them, see pack.h.
function filler({ values, bases, addresses, frames }) {
  const left = { values: values.split(";"), bases: [...bases], frames: [...frames] };
  const recent = [];
  let frame = 0;
  const base = (place, distance) => {
    if (place === undefined) recent.unshift(left.bases.shift());
    else recent.unshift(...recent.splice(place, 1));
    const beyond = place === undefined ? 0 : Number(distance ?? left.values.shift());
    return String((recent[0] + beyond) >>> 0);
  };
  const fill = (gap, place, distance, address) => {
    if (gap === "\u0001") return left.values.shift();
    if (gap === "\u0004") return String(frame += left.frames.shift());
    return address ? addresses[address] : base(place, distance);
  };
  return (text) => text.replace(/[\u0001\u0004]|\u0002(?:(\d+)(?:\+(\d+))?\.)?|\u0003(\d+)\./g, fill);
}

// One drawing of a pack: its rows where they stand, with their times.
function drawing(texts, ladder) {
  const filled = filler(ladder);
  let y = 0, time = 0;
  return ladder.frame + ladder.rows.map((row, i) => {
    y += ladder.y[i];
    let when = "";
    if (ladder.t[i] !== null) {
      time += ladder.t[i];
      when = `<text x="72" y="0" class="time" text-anchor="end">${(time / 1e6).toFixed(6)}</text>`;
    }
    return `<g transform="translate(0 ${y})">${when}${filled(texts[row])}</g>`;
  }).join("");
}

function drawLadder(place, { texts }, ladders) {
  const width = Math.max(...ladders.map((ladder) => ladder.width));
  let top = 0;
  const parts = ladders.map((ladder) => {
    const part = `<svg x="${(width - ladder.width) / 2}" y="${top}" width="${ladder.width}" ` +
      `height="${ladder.height}">${drawing(texts, ladder)}</svg>`;
    top += ladder.height;
    return part;
  });
  const hosts = escaped(ladders.map((ladder) => ladder.hosts).join("; "));
  place.replaceChildren(element(`<svg class="ladder" viewBox="0 0 ${width} ${top}" width="${width}" ` +
    `height="${top}" role="group" aria-label="Ladder diagram of ${hosts}">${parts.join("")}</svg>`));
  const items = all(".segment, .cell", place);
  items.forEach((item, i) => {
    const title = item.querySelector("title");
    const label = item.querySelector("text");
    item.dataset.header = title.textContent;
    item.setAttribute("role", "img");
    item.setAttribute("aria-label", `${label ? label.textContent : ""}. ${title.textContent}`);
    item.setAttribute("tabindex", i === 0 ? "0" : "-1");
    title.remove();
  });
  place.append(element(textLadder(place)));
}

// The same for those who do not see it, or want to copy it.
function textLadder(place) {
  const lines = all(".ladder g[transform]", place).map((row) => {
    const time = row.querySelector(".time");
    const headers = all("[data-header]", row).map((item) => item.dataset.header);
    const words = headers.length ? headers : all("text:not(.time)", row).map((text) => text.textContent);
    return `<li>${time ? time.textContent + " " : ""}${escaped(words.join("\n"))}</li>`;
  });
  return `<details class="more as-text"><summary>As text, with all headers</summary><ol>${lines.join("")}</ol></details>`;
}

function showTip(item) {
  tip.textContent = item.dataset.header;
  tip.hidden = false;
  const box = item.getBoundingClientRect(), size = tip.getBoundingClientRect();
  const left = Math.min(Math.max(8, box.left + box.width / 2 - size.width / 2),
                        document.documentElement.clientWidth - size.width - 8);
  const below = box.bottom + 8 + size.height < innerHeight;
  tip.style.left = `${Math.max(8, left)}px`;
  tip.style.top = `${Math.max(8, below ? box.bottom + 8 : box.top - size.height - 8)}px`;
}
const hideTip = () => { tip.hidden = true; };
for (const event of ["mouseover", "focusin"])
  addEventListener(event, (e) => {
    const item = e.target.closest && e.target.closest("[data-header]");
    if (item) showTip(item); else hideTip();
  });
addEventListener("scroll", hideTip, true);

// ---- Views ----

// "#claim", and of which result: "#claim/lab/kernel/family-repetition", any of these left out; a lab
// also stands for a claim that it decides. "#?filters" is the overview.
function parse(hash) {
  const [name, ...parts] = hash.split("/").map(decodeURIComponent);
  return { name, parts };
}

async function show() {
  hideTip();
  const hash = location.hash.slice(1);
  let view = overview, title = home;
  const target = parse(hash);
  if (hash.startsWith("?")) {
    readFilters(new URLSearchParams(hash.slice(1)));
  } else if (hash === "all") {
    view = page;
    await showAll();
  } else if (byId(`view-${target.name}`)) {
    view = byId(`view-${target.name}`);
  } else if (hash && hash !== "claims") {
    const heads = await unpack("claims");
    const id = heads[target.name] ? target.name
      : ids.find((id) => heads[id].results.some(([lab]) => lab === target.name));
    if (id) {
      view = page;
      await showClaim(id, heads[id], target);
      title = `${id}: ${home}`;
    }
  }
  for (const other of views) other.hidden = other !== view;
  document.title = title;
  document.body.dataset.shown = hash;
  if (hash === "claims") byId("claims").scrollIntoView();
  else if (target.parts.includes("ladder") && view === page) page.querySelector(".ladder-place")?.scrollIntoView();
  else if (!(view === page && page.dataset.kept)) scrollTo(0, 0);
  return view;
}

// The result that a link asks for, or the nearest to it.
function choose(results, { name, parts }) {
  const score = ([lab, key]) => {
    const [kernel, family] = key.split("/");
    return 8 * parts.includes(lab) + 4 * parts.includes(kernel) + 4 * parts.includes(family) +
      2 * (lab === name) + (kernel === document.body.dataset.chosen);
  };
  return results.reduce((best, result) => (score(result) > score(best) ? result : best));
}

async function showClaim(id, head, target) {
  const same = page.dataset.claim === id;
  page.dataset.claim = id;
  page.dataset.kept = same ? "1" : "";
  if (!same) {
    const at = ids.indexOf(id);
    const link = (i, word, sign) => ids[i]
      ? `<a href="#${escaped(ids[i])}" rel="${word}" title="${escaped(ids[i])}">${sign}</a>` : "";
    page.replaceChildren(element(`<nav class="steps" aria-label="Claims"><a href="#claims">All claims</a>` +
      `${link(at - 1, "prev", "← previous")}${link(at + 1, "next", "next →")}</nav>${head.html}` +
      `<section class="evidence-of" aria-label="Evidence"></section>`));
    await drawPairs(page);
  }
  const place = page.querySelector(".evidence-of");
  const chosen = choose(head.results, target), [lab, key] = chosen;
  const pack = await unpack(`lab:${lab}`);
  place.replaceChildren(element(pack.html + tabs(id, head.results, chosen) +
    `<div class="result">${html(pack, key)}</div>`));
  const ladder = place.querySelector(".result .ladder-place");
  if (ladder) drawLadder(ladder, pack, pack.results[key].ladders);
}

function tabs(id, results, [lab, key]) {
  if (results.length < 2) return "";
  const several = new Set(results.map(([its]) => its)).size > 1;
  const links = results.map(([its, itsKey, verdict, sign]) => {
    const [kernel, family] = itsKey.split("/");
    const name = family.replace("inet6", "IPv6").replace("inet", "IPv4").replace("-", ", run ");
    const current = its === lab && itsKey === key ? ' aria-current="true"' : "";
    const href = several ? `${id}/${its}/${itsKey}` : `${id}/${itsKey}`;
    return `<a class="${verdict}" href="#${escaped(href)}"${current}><span class="sign">${sign}</span> ` +
      `${several ? escaped(its) + ", " : ""}${escaped(kernel)} ${escaped(name)}</a>`;
  });
  return `<nav class="tabs" aria-label="Results">${links.join("")}</nav>`;
}

async function drawPairs(root) {
  for (const place of all(".pair .ladder-place", root)) {
    const pack = await unpack(`lab:${place.dataset.lab}`);
    drawLadder(place, pack, pack.results[place.dataset.key].ladders);
  }
}

// Everything, one result of each lab: to be printed or searched.
async function showAll() {
  const heads = await unpack("claims");
  const shown = new Set();
  page.dataset.claim = page.dataset.kept = "";
  page.replaceChildren();
  for (const id of ids) {
    const part = element(`<article class="printed">${heads[id].html}</article>`).firstChild;
    await drawPairs(part);
    const [lab, key] = choose(heads[id].results, { name: id, parts: [] });
    if (!shown.has(lab)) {
      shown.add(lab);
      const pack = await unpack(`lab:${lab}`);
      part.append(element(`${pack.html}<div class="result">${html(pack, key)}</div>`));
      const ladder = part.querySelector(".result .ladder-place");
      if (ladder) drawLadder(ladder, pack, pack.results[key].ladders);
    }
    page.append(part);
  }
}

// ---- Filters ----

const field = (name) => filters.elements[name];
const names = ["text", "document", "verdict", "group", "kernel", "changes", "apart"].filter(field);

function readFilters(parameters) {
  for (const name of names) {
    const value = parameters.get(name) || "";
    if (field(name).type === "checkbox") field(name).checked = value === "1";
    else field(name).value = value;
  }
  applyFilters();
}

function passes(row, wanted) {
  const words = (row.textContent + " " + row.dataset.documents + " " + row.dataset.why).toLowerCase();
  if (!wanted.text.toLowerCase().split(/\s+/).every((word) => words.includes(word))) return false;
  if (wanted.document && !row.dataset.documents.split(" ").includes(wanted.document)) return false;
  if (wanted.group && row.closest("tbody").dataset.group !== wanted.group) return false;
  if (wanted.changes && !row.classList.contains("changes")) return false;
  const cells = all("td[data-kernel]", row).filter((cell) => !wanted.kernel || cell.dataset.kernel === wanted.kernel);
  if (wanted.apart && !cells.some((cell) => cell.dataset.verdicts.includes(" "))) return false;
  return wanted.verdict ? cells.some((cell) => cell.dataset.verdicts.split(" ").includes(wanted.verdict))
    : !wanted.kernel || cells.some((cell) => cell.dataset.verdicts);
}

function applyFilters() {
  const wanted = {};
  for (const name of names)
    wanted[name] = field(name).type === "checkbox" ? field(name).checked : field(name).value;
  let left = 0;
  for (const row of rows) {
    row.hidden = !passes(row, wanted);
    left += !row.hidden;
  }
  for (const body of all("tbody", overview))
    body.hidden = all("tr[data-claim]", body).every((row) => row.hidden);
  for (const button of all(".document"))
    button.setAttribute("aria-pressed", String(button.dataset.document === wanted.document));
  for (const cell of all("[data-kernel]", overview))
    cell.classList.toggle("faded", Boolean(wanted.kernel) && cell.dataset.kernel !== wanted.kernel);
  filters.elements.number.value = `${left} of ${rows.length} claims`;
  overview.querySelector(".nothing").hidden = left > 0;
  const parameters = new URLSearchParams();
  for (const name of names) if (wanted[name]) parameters.set(name, wanted[name] === true ? "1" : wanted[name]);
  return parameters.toString();
}

// The address always leads to what is seen.
function filtersChanged() {
  const parameters = applyFilters();
  history.replaceState(null, "", parameters ? `#?${parameters}` : location.pathname + location.search);
}
filters.addEventListener("input", filtersChanged);
filters.addEventListener("submit", (e) => e.preventDefault());
filters.addEventListener("reset", () => setTimeout(filtersChanged));
overview.querySelector(".clear").addEventListener("click", () => filters.reset());
for (const button of all(".document"))
  button.addEventListener("click", () => {
    const its = button.dataset.document;
    field("document").value = field("document").value === its ? "" : its;
    filtersChanged();
  });

// ---- Keys ----

addEventListener("keydown", (e) => {
  if (e.altKey || e.ctrlKey || e.metaKey) return;
  const item = document.activeElement?.closest("[data-header]");
  if (item && (e.key === "ArrowDown" || e.key === "ArrowUp")) {
    const items = all("[data-header]", item.closest(".ladder"));
    const next = items[items.indexOf(item) + (e.key === "ArrowDown" ? 1 : -1)];
    if (next) {
      item.setAttribute("tabindex", "-1");
      next.setAttribute("tabindex", "0");
      next.focus({ preventScroll: true });
      next.scrollIntoView({ block: "nearest" });
      showTip(next);
    }
    e.preventDefault();
    return;
  }
  if (e.key === "Escape") {
    if (!tip.hidden) hideTip();
    else if (!overview.hidden) filters.reset();
    else location.hash = "claims";
    return;
  }
  if (/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName)) return;
  if (e.key === "/") {
    e.preventDefault();
    if (overview.hidden) location.hash = "";
    overview.hidden = false;
    field("text").focus();
  } else if (e.key === "j" || e.key === "k") {
    page.querySelector(`.steps [rel="${e.key === "j" ? "next" : "prev"}"]`)?.click();
  }
});

addEventListener("hashchange", async () => {
  const view = await show();
  if (!(view === page && page.dataset.kept)) view.querySelector("h1")?.focus({ preventScroll: true });
});
applyFilters();
show();
