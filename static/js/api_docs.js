// Swagger UI over our own OpenAPI document; calls are made with the session, or a key given under "Authorize".
const place = document.getElementById("api");
const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
SwaggerUIBundle({
  url: place.dataset.schema,
  domNode: place,
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  defaultModelsExpandDepth: -1,
  requestInterceptor(request) {
    request.headers["X-CSRFToken"] = token;
    return request;
  },
});
