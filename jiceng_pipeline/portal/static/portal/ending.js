// Five minutes before a session ends its line comes to the top of the window and is read out.
// Without this script the line stands below the bar from the start.
(() => {
  const line = document.getElementById("ending");
  if (!line) return;
  const until = Date.now() + Number(line.dataset.minutes) * 60000;
  const warn = () => {
    if (until - Date.now() > 5 * 60000) return;
    line.classList.add("near");
    line.setAttribute("role", "alert");
    clearInterval(every);
  };
  const every = setInterval(warn, 10000);
  const form = line.querySelector("form");
  if (form) form.addEventListener("submit", () => { line.classList.remove("near"); line.hidden = true; });
  warn();
})();
