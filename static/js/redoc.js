// Shows the OpenAPI document as one long page to read.
const api = document.getElementById("api");
window.Redoc.init(api.dataset.document, { disableSearch: false, hideDownloadButton: false, nativeScrollbars: true }, api);
