"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const list = byId("domains"), rows = Array.from(list.children), count = byId("count");
  const text = byId("text"), outcome = byId("outcome"), account = byId("account"), finding = byId("finding"), order = byId("order");
  const show = () => {
    const wanted = text.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      const data = row.dataset;
      const fits = data.names.includes(wanted) && (!outcome.value || data.outcome === outcome.value)
        && (!account.value || data.account === account.value)
        && (!finding.value || data.findings.split(" ").includes(finding.value));
      row.hidden = !fits;
      shown += fits ? 1 : 0;
    }
    count.textContent = shown + " of " + rows.length + " domains";
  };
  const sort = () => {
    const key = order.value;
    const of = (row) => key === "line" ? Number(row.dataset.line) : row.dataset[key];
    const compare = (a, b) => (of(a) < of(b) ? -1 : of(a) > of(b) ? 1 : Number(a.dataset.at) - Number(b.dataset.at));
    list.append(...rows.sort(compare));
  };
  rows.forEach((row, at) => { row.dataset.at = at; });
  for (const one of [text, outcome, account, finding]) one.addEventListener("input", show);
  order.addEventListener("input", sort);
  byId("tools").hidden = false;
  show();
})();
