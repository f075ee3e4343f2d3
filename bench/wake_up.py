"""From the 201 of a portal to the folder visible at the authority, with a worker that was idle."""

from __future__ import annotations

import json
import secrets
import time

from bench.figures import Figure
from bench.site import WITH_PLANS, Line, Site, line, service, site
from gateway.demo.pdf import make_pdf
from tests.kit.installation import announcement


def run(quick: bool) -> list[Figure]:
    """Measure single submissions with a pause between them; server and worker are processes of their own."""
    waits = []
    with (
        site() as where,
        service(where, "serve", "--port", "0") as server,
        service(where, "worker"),
        line(server, where) as portal,
    ):
        for number in range(8 if quick else 30):
            waits.append(_waited(where, portal))
            time.sleep(0.7 + 0.013 * number)  # the worker sleeps again, and not always the same share of its nap
    return [Figure("wecken.ablage", "von der 201-Antwort bis der Ordner sichtbar ist", "ms", tuple(waits))]


def _waited(where: Site, portal: Line) -> float:
    pdf = make_pdf(["Antragsübersicht"], 20_000)
    body = json.dumps(announcement(pdf, municipality=WITH_PLANS)).encode()
    case = portal.post("/v1/submissions", body, Idempotency_Key=secrets.token_hex(8))
    portal.put(case["attachments"][0]["upload_url"], pdf)
    case = portal.post(f"/v1/submissions/{case['id']}/complete")
    accepted = time.perf_counter()
    folder = where.warendorf / case["message_id"]
    while not folder.exists():
        if time.perf_counter() - accepted > 20:
            raise RuntimeError("not delivered")
        time.sleep(0.0005)
    return (time.perf_counter() - accepted) * 1000
