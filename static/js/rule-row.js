// The form of a rule row shows only what the chosen rule, kind and scope have. Without it every field is there.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const rule = document.getElementById("id_rule");
  if (!rule || !rule.dataset.rules) return;
  const rules = JSON.parse(rule.dataset.rules);
  const values = ["days", "amount", "currency", "percent", "count", "status", "terms"];
  const help = rule.closest(".form-row, .fieldBox")?.querySelector(".help div, .help");
  const byDefault = help ? help.textContent : "";
  const field = (name) => document.getElementById(`id_${name}`);
  const show = (name, wanted) => {
    const row = field(name)?.closest(".form-row");
    // A field that is filled in or wrong stays in sight: nothing is sent that the person cannot see.
    const kept = field(name)?.type !== "checkbox" && field(name)?.value && name !== "action";
    if (row) row.classList.toggle("hidden", !wanted && !kept && !row.classList.contains("errors"));
  };
  const draw = () => {
    const chosen = rules[rule.value];
    const kind = field("kind").value, scope = field("scope").value;
    values.forEach((name) => show(name, !chosen || chosen.values.includes(name)));
    if (rule.value === "days_overdue" && kind === "BLOCK") ["amount", "currency"].forEach((name) => show(name, false));
    show("action", kind === "BLOCK");
    show("release_order", kind === "EXCLUDE" || field("release_order").checked);
    show("group", scope === "GROUP");
    show("customer", scope === "CUSTOMER");
    if (help) help.textContent = chosen ? chosen.says : byDefault;
  };
  ["rule", "kind", "scope"].forEach((name) => field(name)?.addEventListener("change", draw));
  draw();
});
