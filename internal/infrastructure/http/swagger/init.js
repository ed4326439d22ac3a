"use strict";

SwaggerUIBundle({
  dom_id: "#swagger-ui",
  url: "/api/v1/swagger/spec",
  deepLinking: true,
  persistAuthorization: true,
  // Without it, the page would send the document's address to a validator elsewhere.
  validatorUrl: null,
});

// The style sheet is dark below this class.
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();
