"""Handing out evidence: always as a download, never shown in place."""

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from compliance.models import Evidence
from compliance.services.attestations import load_evidence
from config.errors import BadInput


def evidence_response(evidence: Evidence) -> HttpResponse:
    """The file, hashed again while it is read; a redirect when it is kept elsewhere.

    Raises IntegrityFault when it is not what was uploaded, BadInput when its outside address is not a web address.
    """
    if evidence.external_url:
        if not evidence.external_url.startswith(("http://", "https://")):
            raise BadInput(f"The address of evidence {evidence.sha256} is not valid.")
        return HttpResponse(status=302, headers={"Location": evidence.external_url})
    disposition = content_disposition_header(True, evidence.file_name) or "attachment"
    return HttpResponse(
        load_evidence(evidence),
        content_type=evidence.content_type,
        headers={"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff"},
    )
