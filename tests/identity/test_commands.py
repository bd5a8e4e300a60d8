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
