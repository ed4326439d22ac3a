"use strict";

SwaggerUIBundle({
  dom_id: "#swagger-ui",
  url: "/api/v1/swagger/spec",
  deepLinking: true,
  persistAuthorization: true,
  // Without it, the page would send the document's address to a validator elsewhere.
  validatorUrl: null,
});
