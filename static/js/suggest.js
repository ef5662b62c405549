// While a question is typed: published ones near it, as links below the box. Asking works without.

const WAIT = 350; // ms without a key before the site is asked
const SHORTEST = 12;

for (const box of document.querySelectorAll(".ask textarea")) {
  const list = box.form.querySelector("[data-suggestions]");
  const items = list.appendChild(document.createElement("ul"));
  let timer = 0;
  let asked = null;

  const show = (questions) => {
    items.replaceChildren(
      ...questions.map(({ text, page_url }) => {
        const link = document.createElement("a");
        link.href = new URL(page_url).pathname;
        link.textContent = text;
        const item = document.createElement("li");
        item.append(link);
        return item;
      }),
    );
    list.hidden = questions.length === 0;
  };

  const ask = async () => {
    asked?.abort();
    const text = box.value.trim();
    if (text.length < SHORTEST) return show([]);
    asked = new AbortController();
    try {
      const address = `${list.dataset.suggestions}?${new URLSearchParams({ q: text })}`;
      const response = await fetch(address, { signal: asked.signal, headers: { Accept: "application/json" } });
      if (response.ok) show(await response.json());
    } catch {
      // Gone on typing, or offline: what is shown stays.
    }
  };

  list.setAttribute("role", "status");
  box.addEventListener("input", () => {
    document.querySelector(".suggested.related")?.remove();
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  });

  // Down from the end of the text goes to the first link, up and down between links, Escape back to the text.
  box.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" && !list.hidden && box.selectionStart === box.value.length) {
      event.preventDefault();
      items.querySelector("a").focus();
    }
    if (event.key === "Escape") list.hidden = true;
  });
  items.addEventListener("keydown", (event) => {
    const links = [...items.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 }[event.key];
    if (to === undefined && event.key !== "Escape") return;
    event.preventDefault();
    if (event.key === "Escape") list.hidden = true;
    (links[to] ?? box).focus();
  });
}
