// Shows the OpenAPI document as one long page to read.
// Redoc would fetch its maker's logo from elsewhere; the portal loads nothing but its own files, so the logo stays out.
const image = HTMLImageElement.prototype;
const source = Object.getOwnPropertyDescriptor(image, "src");
const elsewhere = (address) => /^https?:/.test(address) && new URL(address).origin !== location.origin;
Object.defineProperty(image, "src", {
  ...source,
  set(address) {
    if (elsewhere(address)) setTimeout(() => this.dispatchEvent(new Event("error")));
    else source.set.call(this, address);
  },
});
image.setAttribute = function (name, value) {
  if (name !== "src" || !elsewhere(value)) Element.prototype.setAttribute.call(this, name, value);
};
const api = document.getElementById("api");
window.Redoc.init(api.dataset.document, { nativeScrollbars: true }, api);
