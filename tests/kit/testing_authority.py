"""An authority that answers a test message with its own tool: `bauweiche open`, then `bauweiche reply`."""

from __future__ import annotations

from typer.testing import CliRunner

from gateway.domain.ids import AuthorityKey
from gateway.main import app
from tests.kit.installation import Installation


def answer_test(installed: Installation, key: AuthorityKey, message_id: str) -> None:
    """Carry a test message, let the authority take, open and answer it, and carry the answer back."""
    installed.work()
    fetched = (installed.inboxes[key] / message_id).rename(installed.home / message_id)
    certificate = installed.gateway_certificate()
    opened = run_command("open", fetched, "--key", installed.keys[key], "--gateway", certificate)
    assert "TESTNACHRICHT" in opened
    back = installed.inboxes[key] / "rueckweg"
    back.mkdir(exist_ok=True)
    run_command("reply", f"{fetched}-geoeffnet", "--number", "1120", "--to", back)
    later(installed)


def later(installed: Installation) -> None:
    """Let the worker look ten minutes from now, then go back: the folders themselves live by the machine's clock."""
    installed.clock.pass_by(minutes=10)
    installed.work()
    installed.work()
    installed.clock.pass_by(minutes=-10)


def run_command(*arguments: object) -> str:
    """Run `bauweiche` and return what it wrote; it must have ended well."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done.output
