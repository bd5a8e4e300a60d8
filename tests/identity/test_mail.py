"""Letters leave after the commit that wrote them, again until they are taken, and stay readable."""

import socketserver
import threading

import pytest

from portal.core import outbox
from portal.gateways.mailer import Mailer
from portal.shared.identity import queries
from portal.shared.identity.services import mails


def _event(mail_id):
    return {"subject_id": str(mail_id)}


def test_without_a_mail_server_letters_lie_in_a_folder_for_nobody_else(session, tmp_path):
    mailer = Mailer(smtp_url="", folder=tmp_path / "mail", host="portal.test")
    letter = mails.write(recipient="a@example.com", subject="Hello\nthere", body="Tea at ₦500?\n")
    mails.post(_event(letter), send=mailer.send)
    (file,) = (tmp_path / "mail").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert "Subject: Hello there" in file.read_text()
    assert queries.find_mail(letter).sent_at is None


def test_a_letter_is_relayed_after_commit_by_the_outbox(committed, app):
    mails.write(recipient="b@example.com", subject="Hi", body="https://portal.test/reset/abc_DEF-123\n")
    while outbox.relay():
        pass
    assert outbox.deliver_due() == 1
    folder = app.extensions["settings"].var_dir / "mail"
    assert any("b@example.com" in file.read_text() for file in folder.iterdir())


def test_a_mail_server_that_refuses_is_asked_again_and_a_taken_letter_keeps_no_secret(session):
    answers = [OSError("no route to host"), True]
    taken = []

    def send(recipient, subject, body, attached=()):
        taken.append(body)
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    letter = mails.write(recipient="c@example.com", subject="Hi", body="See https://portal.test/reset/abc_DEF-123 now")
    with pytest.raises(OSError, match="no route"):
        mails.post(_event(letter), send=send)
    assert queries.find_mail(letter).error == "OSError: no route to host"
    mails.post(_event(letter), send=send)
    mails.post(_event(letter), send=send)
    assert len(taken) == 2, "a letter that was taken is not sent again"
    mail = queries.find_mail(letter)
    assert mail.sent_at
    assert mail.error is None
    assert mail.body == "See https://portal.test/reset/… now"


def test_a_real_mail_server_gets_the_letter():
    heard = []

    class Server(socketserver.StreamRequestHandler):
        def handle(self):
            self.wfile.write(b"220 hello\r\n")
            while line := self.rfile.readline():
                heard.append(line.decode().strip())
                if line.upper().startswith(b"EHLO"):
                    self.wfile.write(b"250-portal\r\n250 8BITMIME\r\n")
                elif line.strip().upper() == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    while (part := self.rfile.readline()) != b".\r\n":
                        heard.append(part.decode().strip())
                    self.wfile.write(b"250 taken\r\n")
                elif line.upper().startswith(b"QUIT"):
                    self.wfile.write(b"221 bye\r\n")
                    return
                else:
                    self.wfile.write(b"250 fine\r\n")

    with socketserver.TCPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        mailer = Mailer(smtp_url=f"smtp://127.0.0.1:{server.server_address[1]}", folder=None, host="portal.test")
        assert mailer.send("d@example.com", "Hi", "Hello there") is True
    assert "RCPT TO:<d@example.com>" in [line.upper().replace("D@EXAMPLE.COM", "d@example.com") for line in heard]
    assert "Hello there" in heard
