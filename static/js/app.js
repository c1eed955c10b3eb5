// What the pages do beyond HTML and htmx: theme, shortcuts, dialogs, lines of a form, sending once. All works without.
(() => {
  "use strict";
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);
  const seen = (element) => element.getClientRects().length > 0;

  // Theme: auto, light, dark; kept in a cookie, so that the server draws the page right at once.
  const themes = ["auto", "light", "dark"];
  const theme = () => root.dataset.theme || "auto";
  const showTheme = () => {
    for (const button of all("[data-theme-toggle]")) {
      button.hidden = false;
      const label = button.dataset.labels.split("|")[themes.indexOf(theme())];
      one("[data-theme-label]", button).textContent = label;
      button.title = label;
      for (const icon of all("[data-theme-icon]", button)) icon.hidden = icon.dataset.themeIcon !== theme();
    }
  };
  const nextTheme = () => {
    const next = themes[(themes.indexOf(theme()) + 1) % themes.length];
    if (next === "auto") delete root.dataset.theme;
    else root.dataset.theme = next;
    const age = next === "auto" ? 0 : 31536000;
    document.cookie = `theme=${next}; path=/; max-age=${age}; samesite=lax`;
    showTheme();
  };

  // Shortcuts come from the page: data-shortcut="g o" on a link or button, data-shortcut="/" on a field.
  const switchedOff = () => {
    try { return localStorage.getItem("shortcuts") === "off"; } catch { return false; }
  };
  const typing = (element) =>
    element.isContentEditable || element.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=submit])");
  let keys = "";
  let timer = 0;
  const openShortcuts = () => {
    const list = one("[data-shortcut-list]");
    const dialog = one("#shortcuts");
    if (!list || !dialog || dialog.open) return;
    for (const added of all("[data-added]", list)) added.remove();
    const named = new Set();
    for (const element of all("[data-shortcut]").reverse()) {
      const shortcut = element.dataset.shortcut;
      if (named.has(shortcut)) continue;
      named.add(shortcut);
      const row = document.createElement("div");
      const what = document.createElement("dt");
      const how = document.createElement("dd");
      row.dataset.added = "";
      what.textContent = element.dataset.shortcutLabel || element.textContent.trim();
      for (const key of shortcut.split(" ")) {
        const cap = document.createElement("kbd");
        cap.textContent = key;
        how.append(cap, " ");
      }
      row.append(what, how);
      list.prepend(row);
    }
    const button = one("[data-shortcut-switch]", dialog);
    if (button) button.checked = !switchedOff();
    dialog.showModal();
  };
  const inQueue = (step) => {
    const links = all("[data-queue] a[href]").filter(seen);
    if (!links.length) return false;
    const focused = links.indexOf(document.activeElement);
    const at = focused < 0 ? links.findIndex((link) => link.getAttribute("aria-current")) : focused;
    const link = links[Math.min(Math.max(at + step, 0), links.length - 1)];
    link.focus();
    link.scrollIntoView({ block: "nearest" });
    return true;
  };
  const moveRow = (step) => {
    if (inQueue(step)) return true;
    const table = document.activeElement.closest("[data-rows]") || all("[data-rows]").find(seen);
    if (!table) return false;
    const rows = all("tbody tr", table).filter((row) => seen(row) && one("a[href]", row));
    if (!rows.length) return false;
    const at = rows.indexOf(document.activeElement.closest("tr"));
    const row = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + step, 0), rows.length - 1)];
    one("a[href]", row).focus();
    row.scrollIntoView({ block: "nearest" });
    return true;
  };
  const tickRow = () => {
    const box = one("input[type=checkbox]", document.activeElement.closest("[data-rows] tr") || document.createElement("tr"));
    if (box) box.click();
    return Boolean(box);
  };
  const press = (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (one("dialog[open]") || event.key.length !== 1 || switchedOff()) {
      if (event.key === "?" && !one("dialog[open]")) openShortcuts();
      return;
    }
    if (event.key === "?") { event.preventDefault(); openShortcuts(); return; }
    keys = keys ? `${keys} ${event.key}` : event.key;
    clearTimeout(timer);
    timer = setTimeout(() => { keys = ""; }, 900);
    const known = all("[data-shortcut]");
    const hits = known.filter((element) => element.dataset.shortcut === keys && !element.disabled);
    const hit = hits.find(seen) || hits[0];
    if (hit) {
      event.preventDefault();
      keys = "";
      if (typing(hit)) { hit.focus(); if (hit.select) hit.select(); } else hit.click();
    } else if (!known.some((element) => element.dataset.shortcut.startsWith(`${keys} `))) {
      keys = "";
      if (event.key === "x" && tickRow()) event.preventDefault();
      if ((event.key === "j" && moveRow(1)) || (event.key === "k" && moveRow(-1))) event.preventDefault();
    }
  };

  // Lines of a form: data-formset="prefix" around them, with a template[data-formset-empty] and a [data-formset-rows].
  const addLine = (set) => {
    const total = one(`[name="${set.dataset.formset}-TOTAL_FORMS"]`);
    const most = one(`[name="${set.dataset.formset}-MAX_NUM_FORMS"]`);
    const index = Number(total.value);
    if (most && index >= Number(most.value)) return null;
    const copy = one("template[data-formset-empty]", set).content.cloneNode(true);
    for (const element of all("*", copy)) {
      for (const { name, value } of [...element.attributes]) {
        if (value.includes("__prefix__")) element.setAttribute(name, value.replaceAll("__prefix__", index));
      }
      if (element.children.length === 0 && element.textContent.includes("__number__")) element.textContent = index + 1;
    }
    const row = copy.firstElementChild;
    one("[data-formset-rows]", set).append(row);
    total.value = index + 1;
    if (window.htmx) window.htmx.process(row);
    set.dispatchEvent(new CustomEvent("line:added", { bubbles: true, detail: { row } }));
    return row;
  };
  const firstField = (row) => row && one("input:not([type=hidden], [readonly]), select", row);
  const enterInLine = (event) => {
    const set = event.target.closest("[data-formset]");
    if (event.key !== "Enter" || !set || !event.target.matches("input")) return;
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) { event.target.form.requestSubmit(); return; }
    const rows = all("[data-formset-rows] > *", set).filter(seen);
    const next = rows[rows.indexOf(event.target.closest("[data-formset-rows] > *")) + 1] || addLine(set);
    const field = firstField(next);
    if (field) { field.focus(); if (field.select) field.select(); }
  };

  // A form is sent once: its buttons rest until the answer, or until the reader comes back to the page.
  const rest = (form, resting) => {
    if (resting) form.dataset.sent = "";
    else delete form.dataset.sent;
    for (const button of form.elements) {
      if (button.type !== "submit" || (resting && button.disabled)) continue;
      if (resting) button.dataset.rests = "";
      else if (!("rests" in button.dataset)) continue;
      else delete button.dataset.rests;
      button.disabled = resting;
      button.toggleAttribute("aria-busy", resting);
    }
  };
  const submit = (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if ("sent" in form.dataset) { event.preventDefault(); event.stopImmediatePropagation(); return; }
    for (const field of all("input[name=csrfmiddlewaretoken]", form)) field.value = token() || field.value;
    form.dataset.sent = "";
    setTimeout(() => rest(form, true), 0);
  };

  const tell = (said) => {
    const area = one("#messages");
    if (!area) return;
    const before = one("[data-told] p", area);
    if (before) { before.textContent = said || area.dataset.failed; return; }
    const box = document.createElement("div");
    const words = document.createElement("p");
    box.className = "message message--error";
    box.dataset.told = "";
    words.textContent = said || area.dataset.failed;
    box.append(words);
    area.append(box);
  };
  // What is too large is refused in a sentence of ours; a proxy before us would answer with a page.
  const refusal = (xhr) => {
    const ours = [411, 413].includes(xhr?.status) && xhr.getResponseHeader("Content-Type")?.startsWith("text/plain");
    return ours ? xhr.responseText : "";
  };

  // A login that ran out is told, not drawn over the page; after the next one the form's token is that of the new login.
  const tellLoggedOut = () => {
    const area = one("#messages");
    if (!area || one("[data-out]", area)) return;
    const box = document.createElement("div");
    const words = document.createElement("p");
    const link = document.createElement("a");
    box.className = "message message--warning";
    box.dataset.out = "";
    words.textContent = `${area.dataset.loggedOut} `;
    link.href = `${area.dataset.login}?next=/`;
    link.target = "_blank";
    link.textContent = area.dataset.logIn;
    words.append(link);
    box.append(words);
    area.append(box);
    box.scrollIntoView({ block: "nearest" });
  };
  const token = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] || one('meta[name="csrf-token"]')?.content;

  document.addEventListener("keydown", press);
  document.addEventListener("keydown", enterInLine, true);
  document.addEventListener("submit", submit);
  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-theme-toggle], [data-open], [data-close], [data-formset-add], [data-print-page]");
    for (const pop of all("details.pop[open], details.drawer[open]")) if (!pop.contains(event.target)) pop.open = false;
    if (!target) return;
    if ("themeToggle" in target.dataset) nextTheme();
    else if (target.dataset.open === "shortcuts") openShortcuts();
    else if (target.dataset.open) { event.preventDefault(); one(`#${target.dataset.open}`)?.showModal(); }
    else if ("close" in target.dataset) target.closest("dialog")?.close();
    else if ("formsetAdd" in target.dataset) firstField(addLine(target.closest("[data-formset]")))?.focus();
    else window.print();
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-shortcut-switch]")) {
      try { localStorage.setItem("shortcuts", event.target.checked ? "on" : "off"); } catch { /* kept for this page only */ }
    } else if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
  });
  document.addEventListener("keydown", (event) => {
    const pop = event.key === "Escape" && one("details.pop[open], details.drawer[open]");
    if (pop) { pop.open = false; one("summary", pop).focus(); }
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) for (const form of all("form[data-sent]")) rest(form, false);
  });
  document.addEventListener("htmx:configRequest", (event) => {
    if (token() && event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token();
  });
  for (const name of ["htmx:beforeRequest", "htmx:afterRequest"]) {
    document.addEventListener(name, ({ detail }) => {
      if (detail.elt.matches("form") && detail.requestConfig.verb !== "get") rest(detail.elt, name === "htmx:beforeRequest");
    });
  }
  // What others do redraws a list by itself, unless the reader has ticked or typed something in it.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt } = event.detail;
    if (!elt.matches("[data-keeps]")) return;
    const fields = all("input:not([type=hidden]), select, textarea", elt.parentElement);
    if (fields.some((field) => field.checked || (field.type !== "checkbox" && field.value))) event.preventDefault();
  });
  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, ({ detail }) => (detail.xhr?.status === 401 ? tellLoggedOut() : tell(refusal(detail.xhr))));
  }
  document.addEventListener("htmx:afterRequest", ({ detail }) => { if (detail.successful) one("[data-out]")?.remove(); });
  for (const needs of all("[data-needs-js]")) needs.hidden = false;
  all("[data-focus]").forEach((element) => element.focus({ preventScroll: false }));
  showTheme();
})();
