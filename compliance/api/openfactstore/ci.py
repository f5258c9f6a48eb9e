"""What a CI system says about a build, filled into a trail's body (contract 2.1).

The variables are the caller's: sent in the body (`ciEnvironment` or `env`) or as headers `X-Factstore-CI-<VAR>`, with
hyphens for underscores. The server's own environment is no CI job's and is never read.
"""

import re
from collections.abc import Mapping
from typing import Any

GITHUB, GITLAB, JENKINS, CIRCLE, AZURE = "github-actions", "gitlab-ci", "jenkins", "circleci", "azure-devops"
SYSTEMS = (GITHUB, GITLAB, JENKINS, CIRCLE, AZURE)
HEADER = "HTTP_X_FACTSTORE_CI_"

# System -> key of the body -> the variables its value is put together from; a value with a missing part is left out.
VARIABLES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    GITHUB: {
        "gitCommitSha": ("$GITHUB_SHA",),
        "gitBranch": ("$GITHUB_REF_NAME",),
        "buildUrl": ("$GITHUB_SERVER_URL", "/", "$GITHUB_REPOSITORY", "/actions/runs/", "$GITHUB_RUN_ID"),
        "gitAuthor": ("$GITHUB_ACTOR",),
    },
    GITLAB: {
        "gitCommitSha": ("$CI_COMMIT_SHA",),
        "gitBranch": ("$CI_COMMIT_REF_NAME",),
        "buildUrl": ("$CI_JOB_URL",),
        "gitAuthor": ("$GITLAB_USER_LOGIN",),
        "gitAuthorEmail": ("$GITLAB_USER_EMAIL",),
        "pullRequestId": ("$CI_MERGE_REQUEST_IID",),
    },
    JENKINS: {
        "gitCommitSha": ("$GIT_COMMIT",),
        "gitBranch": ("$GIT_BRANCH",),
        "buildUrl": ("$BUILD_URL",),
        "pullRequestId": ("$CHANGE_ID",),
    },
    CIRCLE: {
        "gitCommitSha": ("$CIRCLE_SHA1",),
        "gitBranch": ("$CIRCLE_BRANCH",),
        "buildUrl": ("$CIRCLE_BUILD_URL",),
        "gitAuthor": ("$CIRCLE_USERNAME",),
        "pullRequestId": ("$CIRCLE_PR_NUMBER",),
    },
    AZURE: {
        "gitCommitSha": ("$BUILD_SOURCEVERSION",),
        "gitBranch": ("$BUILD_SOURCEBRANCH",),
        "buildUrl": (
            "$SYSTEM_TEAMFOUNDATIONCOLLECTIONURI",
            "$SYSTEM_TEAMPROJECT",
            "/_build/results?buildId=",
            "$BUILD_BUILDID",
        ),
        "gitAuthor": ("$BUILD_REQUESTEDFOR",),
        "gitAuthorEmail": ("$BUILD_REQUESTEDFOREMAIL",),
        "pullRequestId": ("$SYSTEM_PULLREQUEST_PULLREQUESTNUMBER",),
    },
}
_NOT_LOCAL_PART = re.compile(r"[^A-Za-z0-9._+-]+")


def ci_system(word: str) -> str | None:
    """The CI system a header names, in any letter case and with `_` or `-`; None for any other word."""
    word = word.strip().lower().replace("_", "-")
    word = {"circle-ci": CIRCLE}.get(word, word)
    return word if word in SYSTEMS else None


def fill_from_ci(body: Any, meta: Mapping[str, Any]) -> Any:
    """`body` with what it leaves out (or leaves blank) filled from the CI's variables; the body always wins.

    `meta` are the request's headers as WSGI names them. Under a CI an author without e-mail gets a stand-in.
    """
    system = ci_system(str(meta.get(HEADER + "CONTEXT", "")))
    if system is None or not isinstance(body, Mapping):
        return body
    variables = _variables(body, meta)
    filled = {key: value for key, value in body.items() if value not in (None, "")}
    for key, parts in VARIABLES[system].items():
        if key not in filled and (value := _assemble(parts, variables)):
            filled[key] = value
    if "gitAuthorEmail" not in filled and isinstance(author := filled.get("gitAuthor"), str):
        local = _NOT_LOCAL_PART.sub("-", author).strip("-.")[:64].strip(".")
        filled["gitAuthorEmail"] = f"{re.sub(r'[.]+', '.', local) or 'unknown'}@users.noreply"
    return filled


def _variables(body: Mapping[str, Any], meta: Mapping[str, Any]) -> dict[str, str]:
    named = {key.removeprefix(HEADER): value for key, value in meta.items() if key.startswith(HEADER)}
    for key in ("env", "ciEnvironment"):
        sent = body.get(key)
        if isinstance(sent, Mapping):
            named |= {name: value for name, value in sent.items() if isinstance(value, str)}
    return {name: value for name, value in named.items() if value}


def _assemble(parts: tuple[str, ...], variables: Mapping[str, str]) -> str | None:
    values = [variables.get(part[1:]) if part.startswith("$") else part for part in parts]
    return None if None in values else "".join(str(value) for value in values)
