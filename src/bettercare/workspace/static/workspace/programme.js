// After a preview was put into the page, move to its heading, as a new page would: people who do not see it are told.
document.addEventListener("htmx:afterSettle", () => {
  const heading = document.getElementById("preview-heading") || document.querySelector("#slip .nhsuk-error-summary");
  if (heading) heading.focus();
});
