"""The operator's shell: the first account, and the end of one."""

from portal.shared.identity import queries


def _run(app, *words, **more):
    return app.test_cli_runner().invoke(args=list(words), **more)


def test_the_operator_makes_the_first_account(app, session):
    made = _run(
        app,
        "create-user",
        "--admin",
        "--email",
        "Boss@Example.com",
        "--password-stdin",
        input="four quiet zebras run\n",
    )
    assert made.exit_code == 0, made.output
    assert queries.find_by_email("boss@example.com").platform_admin
    again = _run(app, "create-user", "--email", "boss@example.com", "--password-stdin", input="four quiet zebras run\n")
    assert again.exit_code == 1
    assert "There is an account with this e-mail address." in again.output
    weak = _run(app, "create-user", "--email", "b@example.com", "--password-stdin", input="short\n")
    assert "Use at least 15 characters." in weak.output
    gone = _run(app, "deactivate-user", "--email", "boss@example.com", "--reason", "sold the business")
    assert gone.exit_code == 0
    session.expire_all()
    assert not queries.find_by_email("boss@example.com").active


def test_a_password_is_never_taken_from_the_command_line(app, session):
    """Anybody on the machine could read it there."""
    refused = _run(app, "create-user", "--email", "a@example.com", "--password", "four quiet zebras run")
    assert refused.exit_code == 2
    assert "No such option '--password'. Did you mean '--password-stdin'?" in refused.output
    assert queries.find_by_email("a@example.com") is None


def test_no_command_shows_what_there_is_and_a_wrong_one_is_said(app):
    none, wrong = _run(app), _run(app, "creat-user")
    assert (none.exit_code, wrong.exit_code) == (2, 2)
    assert "create-user" in none.output
    assert "No such command 'creat-user'." in wrong.output
