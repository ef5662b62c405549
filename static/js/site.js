// What scripts add to pages that work without them: live progress, citation cards, shortcuts, copying.

const $ = (selector, root = document) => root.querySelector(selector);

// "/" goes to the search box, Ctrl+Enter sends the question.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    $("#find, #search")?.focus();
  }
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches(".ask textarea")) {
    event.target.form.requestSubmit();
  }
});

// A count beside the question once it comes near the limit. Nothing is cut off.
for (const box of document.querySelectorAll(".ask textarea[data-limit]")) {
  const limit = Number(box.dataset.limit);
  const help = $("#question-help", box.form);
  const words = help.textContent;
  const count = () => {
    const length = [...box.value.trim()].length;
    help.textContent = length > limit * 0.8 ? `${length} of ${limit} characters` : words;
    help.classList.toggle("over", length > limit);
  };
  box.addEventListener("input", count);
  count();
}

// One press, one question.
for (const form of document.querySelectorAll("form.ask")) {
  const button = $("button", form);
  form.addEventListener("submit", () => setTimeout(() => (button.disabled = true)));
  addEventListener("pageshow", () => (button.disabled = false));
}

// A waiting page asks each second how far its question is, and loads itself anew when it is there.
const progress = $("#progress");
if (progress) {
  let wait = 1000;
  const poll = async () => {
    try {
      const response = await fetch(progress.dataset.status, { headers: { Accept: "application/json" } });
      if (response.status === 404 || response.status === 410) return location.reload(); // taken back meanwhile
      if (!response.ok) throw new Error(response.status);
      const { state, html } = await response.json();
      if (state !== "pending") return location.reload();
      if (progress.shown !== html) {
        progress.innerHTML = progress.shown = html;
        $("#announcement").textContent = $("[aria-current] > span", progress)?.textContent ?? "";
      }
      wait = 1000;
    } catch {
      wait = Math.min(wait * 2, 15000);
    }
    setTimeout(poll, document.hidden ? 5000 : wait);
  };
  setTimeout(poll, wait);
}

// Copy buttons appear where copying is possible.
for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  const words = button.textContent;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText($(`#${button.dataset.copy}`).textContent.trim());
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = words), 2000);
  });
}

// Citation cards: what the list of sources says of this citation, beside the claim.
const card = document.createElement("div");
card.className = "card";
card.id = "card";
card.role = "tooltip";
card.hidden = true;
let owner = null;
let closing = 0;

const fill = (marker) => {
  const entry = $(`#source-${marker.dataset.source}`);
  if (!entry) return false;
  const evidence = $(`[data-statements~="${marker.dataset.statement}"]`, entry);
  const parts = [$(".meta", entry), $("h3", entry), evidence && $("figcaption", evidence.parentNode), evidence].filter(Boolean);
  card.replaceChildren(...parts.map((part) => part.cloneNode(true)));
  return true;
};

const place = (marker) => {
  const at = marker.getClientRects()[0];
  const left = Math.min(Math.max(at.left, 16), document.documentElement.clientWidth - card.offsetWidth - 16);
  const below = at.bottom + card.offsetHeight + 16 < innerHeight || at.top < card.offsetHeight + 16;
  const top = below ? at.bottom + 8 : at.top - card.offsetHeight - 8;
  card.style.left = `${Math.max(left, 16) + scrollX}px`;
  card.style.top = `${top + scrollY}px`;
};

const open = (marker) => {
  clearTimeout(closing);
  if (owner === marker || !fill(marker)) return;
  owner?.removeAttribute("aria-describedby");
  owner = marker;
  if (!card.isConnected) document.querySelector("main").append(card);
  card.hidden = false;
  marker.setAttribute("aria-describedby", "card");
  place(marker);
};

const close = () => {
  clearTimeout(closing);
  owner?.removeAttribute("aria-describedby");
  owner = null;
  card.hidden = true;
};
const closeSoon = () => {
  clearTimeout(closing);
  closing = setTimeout(close, 250);
};

for (const marker of document.querySelectorAll(".marker a")) {
  marker.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && open(marker));
  marker.addEventListener("pointerleave", closeSoon);
  marker.addEventListener("focus", () => marker.matches(":focus-visible") && open(marker));
  marker.addEventListener("blur", closeSoon);
  marker.addEventListener("click", (event) => {
    // A finger can't hover: its first touch shows the card, its second follows the link.
    if (event.pointerType === "touch" && owner !== marker) {
      event.preventDefault();
      open(marker);
    }
  });
}
card.addEventListener("pointerenter", () => clearTimeout(closing));
card.addEventListener("pointerleave", closeSoon);
document.addEventListener("keydown", (event) => event.key === "Escape" && close());
addEventListener("resize", close); // its place was measured in another window
document.addEventListener("pointerdown", (event) => owner && !event.target.closest(".card, .marker") && close());
