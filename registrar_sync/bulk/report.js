"use strict";
(() => {
  const LINE = 0, TITLE = 1, ACCOUNT = 2, STANDING = 3, TOOK = 4, TOLD = 5, TTL = 6, IDS = 7, AT = 8, NAME = 9;
  const FIRST = 100, MORE = 500, MOST_PRINTED = 5000;
  const byId = (id) => document.getElementById(id);
  const meta = JSON.parse(byId("meta").textContent);
  const list = byId("domains"), count = byId("count"), more = byId("more"), copyAll = byId("copyall");
  const text = byId("text"), standing = byId("standing"), account = byId("account"), finding = byId("finding"), order = byId("order");
  const people = new Set(meta.person), rank = new Map(meta.order.map((name, at) => [name, at]));

  // --- the data: what rows are chosen by is read at once, what one shows when somebody looks
  const rows = [];
  for (const block of document.querySelectorAll("script.index")) for (const row of JSON.parse(block.textContent)) rows.push(row);
  rows.forEach((row, at) => { row.push(at, row[TITLE].toLowerCase()); });
  const blocks = Array.from(document.querySelectorAll("script.shown"), (block) => ({ block, lines: null }));
  const lineOf = (row) => {
    const one = blocks[Math.floor(row[AT] / meta.block)];
    one.lines = one.lines || one.block.textContent.split("\n");
    return one.lines[row[AT] % meta.block];
  };
  const shownOf = (row) => JSON.parse(lineOf(row));

  // --- elements: every text goes in as text
  const make = (name, kind, ...inside) => {
    const made = document.createElement(name);
    if (kind) made.className = kind;
    made.append(...inside);
    return made;
  };
  const tell = (said) => { byId("said").textContent = said; };
  const copy = async (said, button) => {
    try {
      await navigator.clipboard.writeText(said);
    } catch {
      const area = make("textarea", "hidden", said);
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
      button.focus();
    }
    const before = button.dataset.said || button.textContent;
    button.dataset.said = before;
    button.textContent = "Copied";
    tell("Copied");
    setTimeout(() => { button.textContent = button.dataset.said; }, 1500);
  };
  const onCopy = (button, said) => {
    button.addEventListener("click", () => { copy(said(), button); });
    button.hidden = false;
    return button;
  };
  const command = (said) => {
    const button = make("button", "copy", "Copy");
    button.type = "button";
    button.setAttribute("aria-label", "Copy " + said);
    return make("span", "command", make("code", "", said), onCopy(button, () => said));
  };

  // --- one domain
  const values = (set) => {
    const made = make("ul", "values"), kinds = { "-": "old", "+": "new", "=": "" };
    for (const one of set[2]) made.append(make("li", kinds[one[0]], one[0] + " ", make("bdi", "", one.slice(1))));
    return made;
  };
  const body = (row) => {
    const [message, steps, findings, sets, told] = shownOf(row), made = make("div", "body");
    if (message) made.append(make("p", "", message));
    for (const [why, said] of steps) made.append(make("p", "", make("span", "dim", why ? why + ": " : ""), command(said)));
    for (const [severity, id, said] of findings) made.append(make("p", "", make("b", severity, severity + ": " + id), " " + said));
    made.append(make("div", "sets", ...sets.map((set) => make("div", "",
      make("p", "", make("b", "", set[0]), make("span", "dim", set[1] ? " TTL " + set[1] : " none")), values(set)))));
    made.append(make("p", "dim", told));
    return made;
  };
  const open = (one) => { if (one.children.length === 1) one.append(body(one.row)); };
  const element = (row) => {
    const [said, tone] = meta.said[row[STANDING]];
    const head = make("summary", "", make("b", "", make("bdi", "", row[TITLE])), make("span", tone, said),
      make("span", "dim", row[ACCOUNT]), make("span", "dim", row[TOLD]), make("span", "dim", row[IDS]));
    const made = make("details", "", head);
    made.row = row;
    made.addEventListener("toggle", () => { if (made.open) open(made); });
    return made;
  };

  // --- which of them
  let chosen = rows;
  const show = (upTo) => {
    const from = list.children.length, next = [];
    for (let at = from; at < Math.min(upTo, chosen.length); at++) next.push(element(chosen[at]));
    list.append(...next);
    const left = chosen.length - list.children.length;
    more.hidden = left === 0;
    more.textContent = "Show " + Math.min(left, MORE).toLocaleString("en") + " more of " + left.toLocaleString("en");
    return next[0];
  };
  const compares = {
    worst: (a, b) => rank.get(a[STANDING]) - rank.get(b[STANDING]),
    domain: (a, b) => (a[NAME] < b[NAME] ? -1 : a[NAME] > b[NAME] ? 1 : 0),
    account: (a, b) => (a[ACCOUNT] < b[ACCOUNT] ? -1 : a[ACCOUNT] > b[ACCOUNT] ? 1 : 0),
    slowest: (a, b) => (b[TOOK] ?? -1) - (a[TOOK] ?? -1),
    ttl: (a, b) => (b[TTL] ?? -1) - (a[TTL] ?? -1),
    line: () => 0,
  };
  const holds = (row, wanted, within) => row[NAME].includes(wanted) || lineOf(row).toLowerCase().includes(within);
  const choose = () => {
    const wanted = text.value.trim().toLowerCase();
    const within = JSON.stringify(wanted).slice(1, -1).replaceAll("<", "\\u003c");
    const stands = standing.value === "person" ? (row) => people.has(row[STANDING]) : (row) => row[STANDING] === standing.value;
    chosen = rows.filter((row) => (!standing.value || stands(row)) && (!account.value || row[ACCOUNT] === account.value)
      && (!finding.value || row[IDS].split(" ").includes(finding.value)) && (!wanted || holds(row, wanted, within)));
    const compare = compares[order.value];
    chosen.sort((a, b) => compare(a, b) || a[LINE] - b[LINE]);
    list.replaceChildren();
    show(FIRST);
    count.textContent = chosen.length.toLocaleString("en") + " of " + rows.length.toLocaleString("en") + " domains";
    const due = chosen.filter((row) => people.has(row[STANDING])).length;
    copyAll.hidden = due === 0;
    copyAll.textContent = copyAll.dataset.said = "Copy the next commands (" + due.toLocaleString("en") + ")";
  };
  const commands = () => chosen.filter((row) => people.has(row[STANDING])).map((row) => shownOf(row)[1])
    .filter((steps) => steps.length).map((steps) => steps[0][1]).join("\n");

  // --- on paper: every domain that is chosen, opened
  let seen = null;
  const spread = () => {
    if (seen) return;
    seen = { upTo: list.children.length, open: new Set(Array.from(document.querySelectorAll("details[open]"))) };
    show(MOST_PRINTED);
    for (const one of list.children) open(one);
    for (const one of document.querySelectorAll("details")) one.open = true;
    if (chosen.length > MOST_PRINTED) count.textContent += "; on paper the first " + MOST_PRINTED.toLocaleString("en");
  };
  const fold = () => {
    if (!seen) return;
    for (const one of document.querySelectorAll("details")) one.open = seen.open.has(one);
    while (list.children.length > seen.upTo) list.lastChild.remove();
    show(seen.upTo);
    count.textContent = count.textContent.split(";")[0];
    seen = null;
  };
  addEventListener("beforeprint", spread);
  addEventListener("afterprint", fold);

  let typing = 0;
  text.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(choose, 120); });
  for (const one of [standing, account, finding, order]) one.addEventListener("input", choose);
  more.addEventListener("click", () => { show(list.children.length + MORE).firstChild.focus(); });
  onCopy(copyAll, commands);
  for (const button of document.querySelectorAll("button.copy")) {
    if (!list.contains(button)) onCopy(button, () => button.previousElementSibling.textContent);
  }
  for (const button of document.querySelectorAll("button.copygroup")) {
    const firsts = Array.from(button.closest(".group").querySelectorAll("li"), (one) => one.querySelector("code")).filter(Boolean);
    button.textContent = firsts.length === 1 ? "Copy the command" : "Copy these " + firsts.length + " commands";
    onCopy(button, () => firsts.map((one) => one.textContent).join("\n"));
  }
  byId("tools").hidden = false;
  choose();
})();
