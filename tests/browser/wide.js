/* What sticks out at the right at the present width; nothing when the page does not scroll sideways. */
() => {
  const page = document.scrollingElement;
  if (page.scrollWidth <= page.clientWidth) return [];
  const out = [];
  for (const e of document.body.querySelectorAll("*")) {
    const box = e.getBoundingClientRect();
    if (box.right <= page.clientWidth + 0.5 || !e.checkVisibility() || e.closest(".vh")) continue;
    let held = false;
    for (let at = e.parentElement; at && at !== document.body; at = at.parentElement) held ||= getComputedStyle(at).overflowX !== "visible";
    if (!held) out.push(`${e.tagName.toLowerCase()}.${e.getAttribute("class") || ""} to ${box.right.toFixed(0)} "${(e.innerText || "").trim().slice(0, 25)}"`);
  }
  return [`${page.scrollWidth} px wide at ${page.clientWidth}: ${out.slice(-3).join("; ")}`];
}
