// Buttons that copy a text; without this script they are not shown, and the text can be marked by hand.
for (const button of document.querySelectorAll("[data-copy]")) {
  const text = document.getElementById(button.dataset.copy);
  button.hidden = false;
  button.addEventListener("click", async () => {
    text.select();
    try {
      await navigator.clipboard.writeText(text.value);
    } catch {
      document.execCommand("copy"); // where the page did not come by https
    }
    button.textContent = button.dataset.done;
  });
}
