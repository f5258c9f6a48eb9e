from typing import Any

from rest_framework.renderers import JSONRenderer


class StrictJSONRenderer(JSONRenderer):
    """Prints JSON whatever the client's Accept says: integration clients often send none, or a browser's."""

    charset = "utf-8"

    def get_indent(self, accepted_media_type: str | None, renderer_context: Any) -> None:
        """Compact, also when the Accept header asks for an indent."""
