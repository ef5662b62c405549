// "Copy as BibTeX": fetches a format that stands beside the page and puts it on the clipboard.

for (const button of document.querySelectorAll("button[data-copy-from]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  const words = button.textContent;
  button.addEventListener("click", async () => {
    try {
      const response = await fetch(button.dataset.copyFrom);
      if (!response.ok) throw new Error(response.status);
      await navigator.clipboard.writeText(await response.text());
      button.textContent = "Copied";
    } catch {
      button.textContent = "Could not copy: use the link";
    }
    setTimeout(() => (button.textContent = words), 3000);
  });
}
