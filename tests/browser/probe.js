/* Measures the page it runs in; returns lists of sentences, each naming an element and what is wrong with it. */
(elder) => {
  const LEAST_TEXT = 13, LEAST_TARGET = elder ? 60 : 44;
  const name = (e) => {
    const words = (e.innerText || e.value || e.getAttribute("aria-label") || "").trim().replace(/\s+/g, " ").slice(0, 30);
    const cls = typeof e.className === "string" && e.className ? "." + e.className.trim().split(/\s+/).join(".") : "";
    const own = `${e.tagName.toLowerCase()}${e.id ? "#" + e.id : ""}${cls}`;
    return `${e.parentElement ? e.parentElement.tagName.toLowerCase() + ">" : ""}${own} "${words}"`;
  };
  const seen = (e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !e.closest(".vh, .skip") && e.getClientRects().length > 0;

  /* Text: its size on the glass and its contrast against what is behind it. */
  const parse = (text) => {
    const n = text.match(/[\d.]+%?/g).map((part) => (part.endsWith("%") ? parseFloat(part) * 2.55 : parseFloat(part)));
    return { r: n[0], g: n[1], b: n[2], a: n.length > 3 ? n[3] : 1 };
  };
  const over = (top, under) => ({
    r: top.r * top.a + under.r * (1 - top.a), g: top.g * top.a + under.g * (1 - top.a), b: top.b * top.a + under.b * (1 - top.a), a: 1,
  });
  const light = ({ r, g, b }) => {
    const f = (v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b);
  };
  const contrast = (a, b) => {
    const [high, low] = [light(a), light(b)].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05);
  };
  /* The colours that can be behind an element: one, or each stop of a gradient. */
  const behind = (e) => {
    const layers = [];
    for (let at = e; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      const stops = style.backgroundImage.includes("gradient") ? (style.backgroundImage.match(/rgba?\([^)]*\)/g) || []).map(parse) : [];
      if (stops.length && stops.every((s) => s.a === 1)) { layers.push(stops); break; }
      const colour = parse(style.backgroundColor);
      if (colour.a > 0) layers.push([colour]);
      if (colour.a === 1) break;
    }
    const paper = parse(getComputedStyle(document.body).backgroundColor);
    let found = [paper];
    for (const layer of layers.reverse()) found = layer.flatMap((top) => found.map((under) => over(top, under)));
    return found;
  };
  const faded = (e) => {
    let all = 1;
    for (let at = e; at; at = at.parentElement) all *= parseFloat(getComputedStyle(at).opacity);
    return all;
  };
  const tiny = new Set(), faint = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const e = node.parentElement;
    if (!node.data.trim() || e.closest("script, style, template, noscript, option, title, desc") || !seen(e)) continue;
    const style = getComputedStyle(e);
    const picture = e.closest("svg");
    const scale = picture ? e.getScreenCTM().a : 1;
    const size = parseFloat(style.fontSize) * scale;
    if (size < LEAST_TEXT - 0.01) tiny.add(`${size.toFixed(1)} px: ${name(e)}`);
    if (e.closest(":disabled, [aria-disabled=true]")) continue;
    const ink = parse(picture ? style.fill : style.color);
    const fade = faded(e);
    const worst = Math.min(...behind(e).map((paper) => contrast(over({ ...ink, a: ink.a * fade }, paper), paper)));
    const large = size >= 24 || (size >= 18.66 && parseInt(style.fontWeight) >= 700);
    if (worst < (large && !e.closest("[aria-hidden=true]") ? 3 : 4.5) - 0.005) faint.add(`${worst.toFixed(2)}:1: ${name(e)}`);
  }

  /* Targets: what can be pressed, with its label; a link inside a sentence is as high as the sentence. */
  const join = (boxes) => ({
    left: Math.min(...boxes.map((b) => b.left)), right: Math.max(...boxes.map((b) => b.right)),
    top: Math.min(...boxes.map((b) => b.top)), bottom: Math.max(...boxes.map((b) => b.bottom)),
  });
  const block = (e) => {
    let at = e.parentElement;
    while (getComputedStyle(at).display === "inline") at = at.parentElement;
    return at;
  };
  const inSentence = (e) => {
    if (e.tagName !== "A" || getComputedStyle(e).display !== "inline") return false;
    const around = block(e);
    const others = [...around.querySelectorAll("a, button, .vh, svg")].reduce((left, each) => left.replace(each.innerText || "", ""), around.innerText || "");
    return others.replace(/[\s·、，。:：,.()（）|/–-]/g, "").length > 0;
  };
  const small = new Set();
  for (const e of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [role=link]")) {
    if (!seen(e) || inSentence(e)) continue;
    const boxes = [e.getBoundingClientRect()];
    if (getComputedStyle(e).display === "inline") boxes.push(...[...e.children].filter(seen).map((c) => c.getBoundingClientRect()));
    if (e.matches("[type=checkbox], [type=radio]")) boxes.push(...[...e.labels].map((l) => l.getBoundingClientRect()));
    const box = join(boxes);
    const width = box.right - box.left, height = box.bottom - box.top;
    if (width < LEAST_TARGET - 0.5 || height < LEAST_TARGET - 0.5) small.add(`${width.toFixed(0)}×${height.toFixed(0)}: ${name(e)}`);
  }
  return {
    tiny: [...tiny], faint: [...faint], small: [...small],
    headings: [...document.querySelectorAll("h1")].filter(seen).length, lang: document.documentElement.lang,
    theme: document.documentElement.dataset.theme || "auto", elder: "elder" in document.documentElement.dataset, title: document.title,
  };
}
