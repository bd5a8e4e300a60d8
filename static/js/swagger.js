// Shows the OpenAPI document as pages on which every resource can be tried; nothing is sent to an outside checker.
const api = document.getElementById("api");
window.SwaggerUIBundle({
  url: api.dataset.document,
  domNode: api,
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
  syntaxHighlight: false,
});
